#pragma once
// What the command processor runs: tasks with integer dependences on earlier tasks. A task is a kernel for
// the cores or a collective for the links.

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "sim/program/tile_kernel.h"
#include "sim/timing/collective_choice.h"

namespace orrery {

// `bytes` is the whole array (all_gather, reduce_scatter: the gathered one; all_to_all: what a device sends
// to all). Tensor 0 of a program goes in, 1 comes out.
struct CollectiveTask {
  CollectiveOperation operation = CollectiveOperation::all_reduce;
  std::uint64_t bytes = 0;
  std::uint32_t devices = 1;
  std::shared_ptr<const PlannedCollective> plan;  // null for one device
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
