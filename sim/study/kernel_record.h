#pragma once
// A remembered kernel as bytes with a checksum, and back.

#include <optional>
#include <string>

#include "sim/engine/kernel_memory.h"

namespace orrery {

std::string packed(const RememberedKernel& kernel);
// None where the bytes are not what packed() made.
std::optional<RememberedKernel> unpacked(const std::string& bytes);

}  // namespace orrery
