#include "sim/util/whole_file.h"

#include <fstream>

#include "sim/util/errors.h"

namespace orrery {

void write_whole(const std::filesystem::path& path, const std::function<void(std::ostream&)>& write) {
  if (std::filesystem::exists(path) && !std::filesystem::is_regular_file(path)) {
    throw ConfigError(path.string(), "is not a file that can be replaced");
  }
  std::filesystem::path partial = path;
  partial += ".partial";
  std::error_code ignored;
  {
    std::ofstream out(partial, std::ios::binary);
    if (!out) throw ConfigError(path.string(), "cannot write here");
    write(out);
    out.flush();
    if (!out) {
      std::filesystem::remove(partial, ignored);
      throw ConfigError(path.string(), "writing failed (is the disk full?)");
    }
  }
  std::error_code error;
  std::filesystem::rename(partial, path, error);
  if (error) {
    std::filesystem::remove(partial, ignored);
    throw ConfigError(path.string(), "cannot write here: " + error.message());
  }
}

}  // namespace orrery
