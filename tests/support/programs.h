#pragma once
// Hand-made programs for tests of the hardware.

#include "sim/program/program.h"

namespace orrery::test {

// One kernel that only loads: `items` items of `stages` tiles of `tile_bytes`, each byte once, on `cores`
// cores with `buffers` tiles in flight each.
inline TileKernel load_kernel(std::uint64_t items, std::uint64_t stages, std::uint64_t tile_bytes,
                              std::uint32_t cores, std::uint32_t buffers) {
  TileKernel kernel;
  kernel.m = items;
  kernel.tile_m = 1;
  kernel.k = stages;
  kernel.tile_k = 1;
  kernel.cores_used = cores;
  kernel.resident_items = 1;
  kernel.pipeline_stages = buffers;
  KernelOperand in;
  in.tensor = TensorId{0};
  in.by_m = in.by_k = true;
  in.rows = fixed_length(1);
  in.cols = fixed_length(tile_bytes);
  in.bits = ElementBits::of(8);
  in.tensor_bytes = Bytes{items * stages * tile_bytes};
  kernel.inputs = {in};
  kernel.stage_bytes = Bytes{tile_bytes};
  return kernel;
}

inline Program program_of(const TileKernel& kernel) {
  Program program;
  program.tasks.push_back({kernel, {}});
  return program;
}

// Chips on a ring (or a switch) that runs rings only.
inline NodeSpec ring_node(std::uint32_t chips, double bytes_per_s, double latency_ns, double step_ns) {
  NodeSpec node;
  node.name = "test";
  node.chips = chips;
  node.link.bytes_per_s = bytes_per_s;
  node.link.latency_ns = latency_ns;
  node.energy_pj_per_bit = 1;
  node.algorithms = {CollectiveAlgorithm::ring};
  node.protocols = {{"ring", 0, step_ns, 1}};
  return node;
}

// A collective as the node's library runs it.
inline CollectiveTask collective_task(const NodeSpec& node, CollectiveOperation operation,
                                      std::uint64_t bytes, std::uint32_t devices) {
  const CollectiveChoice choice = choose_collective(node, operation, devices, bytes);
  return {operation, Bytes{bytes}, devices,
          std::make_shared<PlannedCollective>(plan_collective(node, operation, devices, bytes, choice))};
}

}  // namespace orrery::test
