#include "sim/util/data_home.h"

#include <cstdlib>

namespace orrery {
namespace {

// Beside the program, where it is installed; empty where it is not.
std::filesystem::path installed_home() {
  std::error_code none;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", none);
  const std::filesystem::path share = program.parent_path().parent_path() / "share" / "orrery";
  return std::filesystem::is_directory(share / "arch_configs", none) ? share : std::filesystem::path();
}

}  // namespace

std::filesystem::path data_home() {
  if (const char* home = std::getenv("ORRERY_HOME"); home != nullptr && *home != '\0') return home;
  static const std::filesystem::path installed = installed_home();
  return installed.empty() ? std::filesystem::path(ORRERY_SOURCE_DIR) : installed;
}

}  // namespace orrery
