#pragma once
// What a user says of a file beyond what it holds.

#include <cstdint>
#include <optional>

#include "sim/util/dtype.h"

namespace orrery {

struct ImportOptions {
  std::optional<std::uint32_t> devices;  // that take part, where one rank's file stands for all
  std::optional<DType> dtype;            // whatever the file says
  DType unstated = DType::fp16;          // of what states none
  std::uint64_t batch = 1;               // for extents that a file leaves open
  std::uint64_t tokens = 1;              // of a sequence, the same

  DType format() const { return dtype.value_or(unstated); }
};

}  // namespace orrery
