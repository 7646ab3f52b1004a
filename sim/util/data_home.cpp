#include "sim/util/data_home.h"

#include <cstdlib>

namespace orrery {

std::filesystem::path data_home() {
  if (const char* home = std::getenv("ORRERY_HOME"); home != nullptr && *home != '\0') return home;
  return ORRERY_SOURCE_DIR;
}

}  // namespace orrery
