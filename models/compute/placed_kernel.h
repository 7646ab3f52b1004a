#pragma once
// A kernel of a launch as the cores run it: what its stages cost there, and where its tensors' tiles lie.

#include <cstdint>
#include <vector>

#include "models/compute/stage_costs.h"
#include "models/core/granule.h"

namespace orrery {

// Of an operand: where its first tile lies, and how far the next one is. At fidelity `tile` in entries of the
// shared levels (kNoEntry: they keep none of it), at `cycle` in bytes of the address space.
struct TilePlaces {
  std::uint64_t first = kNoEntry;
  std::uint64_t stride = 0;
  std::uint64_t of(std::uint64_t tile) const { return first + tile * stride; }
};

struct PlacedKernel {
  const TileKernel* kernel = nullptr;
  StageCosts costs;
  std::vector<TilePlaces> inputs, outputs;  // of its operands
};

}  // namespace orrery
