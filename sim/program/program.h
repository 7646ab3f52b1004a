#pragma once
// What the command processor runs: tasks with integer dependences on earlier tasks. A task is a kernel for
// the cores or a collective for the links.

#include <cstdint>
#include <variant>
#include <vector>

#include "sim/program/tile_kernel.h"
#include "sim/timing/collective_timing.h"

namespace orrery {

// `bytes` is the whole array (all_reduce) or the gathered array (all_gather, reduce_scatter).
struct CollectiveTask {
  CollectiveKind kind = CollectiveKind::all_reduce;
  TensorId tensor;
  std::uint64_t bytes = 0;
  std::uint32_t devices = 1;
};

struct Task {
  std::variant<TileKernel, CollectiveTask> work;
  std::vector<std::uint32_t> depends_on;  // indices of earlier tasks
};

// Data on chip when a program starts. Bytes of a tensor are its last-written ones.
struct ResidentTensor {
  TensorId tensor;
  std::uint64_t bytes = 0;
  std::uint64_t dirty_bytes = 0;
};

struct Program {
  std::vector<Task> tasks;
};

}  // namespace orrery
