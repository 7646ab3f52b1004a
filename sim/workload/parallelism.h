#pragma once
// How a model is divided over devices. Devices are numbered with those of a tensor-parallel group side by
// side, then those that share a sequence, then replicas, then pipeline stages.

#include <cstdint>

namespace orrery {

struct Parallelism {
  std::uint32_t tensor = 1;  // heads and columns of each layer

  std::uint32_t devices() const { return tensor; }
};

}  // namespace orrery
