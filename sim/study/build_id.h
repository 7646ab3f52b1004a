#pragma once
// Which build of this program is running: kernels that another one simulated are not taken for its own.

#include <string>

namespace orrery {

const std::string& build_id();

}  // namespace orrery
