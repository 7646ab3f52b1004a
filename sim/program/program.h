#pragma once
// What the command processor runs: tasks with integer dependences on earlier tasks. A task is a kernel (or
// several, launched as one) for the cores, a collective for the links or products for the memory's units.

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "sim/program/kernel_launch.h"
#include "sim/timing/collective_choice.h"
#include "sim/timing/dram/pim_timing.h"

namespace orrery {

// `bytes` is the whole array (all_gather, reduce_scatter: the gathered one; all_to_all: what a device sends
// to all). Tensor 0 of a program goes in, 1 comes out.
struct CollectiveTask {
  CollectiveOperation operation = CollectiveOperation::all_reduce;
  Bytes bytes;
  DeviceGroup group;
  std::shared_ptr<const PlannedCollective> plan;  // null for one device
};

// Products on the units beside the DRAM's banks.
struct PimTask {
  PimPlan plan;
  std::uint64_t macs = 0;
};

struct Task {
  std::variant<KernelLaunch, CollectiveTask, PimTask> work;
  std::vector<std::uint32_t> depends_on;  // indices of earlier tasks
};

// Data of a tensor on chip; its last-written bytes.
struct ResidentTensor {
  TensorId tensor;
  Bytes bytes;
  Bytes dirty_bytes;
};

// What is on chip beside a program: what it finds and what it leaves.
struct OnChip {
  std::vector<ResidentTensor> tensors;  // that the program names
  Bytes other_dirty_bytes;              // of those it does not

  bool empty() const { return tensors.empty() && other_dirty_bytes == Bytes{}; }

  // Dirty bytes of all tensors but `running`, which a kernel works on.
  Bytes dirty_beside(const std::vector<TensorId>& running) const;
  // `bytes` of those dirty bytes are written back and leave: what the program does not name goes first.
  void write_back(Bytes bytes, const std::vector<TensorId>& running);
  // This is what is there of a tensor now.
  void hold(const ResidentTensor& tensor);
};

struct Program {
  std::vector<Task> tasks;
};

}  // namespace orrery
