#pragma once
// Kernels that were simulated before, in this process or an earlier one: what the machine did, from which
// energy and figures are worked out anew. An implementation keeps them somewhere; a runner asks it before it
// simulates.

#include <cstdint>
#include <optional>
#include <string>

#include "sim/program/program.h"
#include "sim/stats/activity_counts.h"
#include "sim/stats/sharing.h"
#include "sim/stats/time_split.h"

namespace orrery {

// What a machine did; `skipped` of the time is steady state that was replayed.
struct KernelOutcome {
  Femtoseconds time = 0, skipped = 0;
  TimeSplit split;
  ActivityCounts counts;
  WorkSharing sharing{};
};

struct RememberedKernel {
  KernelOutcome outcome;
  OnChip on_chip;
  double clock_factor = 1;
  std::string mapping;
  std::uint64_t candidate = 0;
  // Of all that was simulated to choose it.
  std::uint64_t transactions = 0, granule_bytes = 0, kernels = 0;
};

class KernelMemory {
 public:
  virtual ~KernelMemory() = default;
  // `key`: operator and on-chip state to the byte, as bytes.
  virtual std::optional<RememberedKernel> find(const std::string& key) = 0;
  virtual void keep(const std::string& key, const RememberedKernel& kernel) = 0;
};

}  // namespace orrery
