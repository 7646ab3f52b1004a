#include "sim/util/file_identity.h"

#include <sys/stat.h>

namespace orrery {

FileIdentity identity_of(const std::string& path) {
  struct stat file {};
  if (stat(path.c_str(), &file) != 0) return {};
  return {static_cast<std::uint64_t>(file.st_dev), static_cast<std::uint64_t>(file.st_ino)};
}

}  // namespace orrery
