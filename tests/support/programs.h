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
  in.bits = 8;
  in.tensor_bytes = items * stages * tile_bytes;
  kernel.inputs = {in};
  kernel.stage_bytes = tile_bytes;
  return kernel;
}

inline Program program_of(const TileKernel& kernel) {
  Program program;
  program.tasks.push_back({kernel, {}});
  return program;
}

}  // namespace orrery::test
