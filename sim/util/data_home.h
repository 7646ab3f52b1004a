#pragma once
// Where arch_configs/ and traces/ live: the environment's ORRERY_HOME, else ../share/orrery beside the
// installed program, else the source tree of the build.

#include <filesystem>

namespace orrery {

std::filesystem::path data_home();

}  // namespace orrery
