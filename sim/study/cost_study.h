#pragma once
// What a cost scenario comes to: each option simulated once, ownership of each, spread over the draws, who
// beats whom, where the order changes, and prices that are old.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/config/technology.h"
#include "sim/report/cost_fields.h"

namespace orrery {

// What the simulation says of an option at the scenario's target, and at each of its user rates.
struct SimulatedOption {
  RunResult run;
  bool meets_target = false;
};
struct OptionRuns {
  SimulatedOption at_target;
  std::vector<SimulatedOption> at_rates;
};
template <>
const Table& table_of<SimulatedOption>();
template <>
const Table& table_of<OptionRuns>();

struct CostQuestion {
  CostScenario scenario;
  std::uint64_t draws = 10000, seed = 1;
  std::optional<std::string> as_of;
};

// Throws ConfigError when no option keeps the latency target.
CostStudy cost_study(const CostQuestion& question, const std::vector<ArchSpec>& archs,
                     const Technology& technology, const std::vector<OptionRuns>& runs);

}  // namespace orrery
