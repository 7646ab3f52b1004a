#pragma once
// A kernel of a launch as the cores run it: what its stages cost there, and where its tensors' tiles lie in
// the shared levels.

#include <cstdint>
#include <vector>

#include "models/compute/stage_costs.h"

namespace orrery {

struct PlacedKernel {
  const TileKernel* kernel = nullptr;
  StageCosts costs;
  std::vector<std::uint32_t> input_entry;  // first shared-buffer entry of each operand; kNoEntry = none
  std::vector<std::uint32_t> output_entry;
};

}  // namespace orrery
