#pragma once
// Vega's modules as Debian's libjs-vega installs them, joined into one script.

#include <string>

namespace orrery {

// A script that defines `orreryVega` with parse(spec, config) and View, from the modules in `folder`
// (default: where CMake found them). Throws ConfigError where one is missing, and says what to install.
std::string vega_script(const std::string& folder = "");

}  // namespace orrery
