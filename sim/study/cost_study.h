#pragma once
// What a cost scenario comes to: each option simulated once, ownership of each, spread over the draws, who
// beats whom, where the order changes, and prices that are old.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/report/cost_fields.h"
#include "sim/study/evaluate.h"

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
  std::vector<Posed> options;  // what is run for each
  std::uint64_t draws = 10000, seed = 1;
  std::optional<std::string> as_of;
};

// A scenario by its name, with its uncertain numbers and its options' machines changed. Throws ConfigError:
// all that can be refused before anything is simulated.
CostQuestion posed_cost(const std::string& name, const std::vector<Patch>& patches);

// One option, in this process.
OptionRuns simulate_option(const CostQuestion& question, std::size_t option, Session& session,
                           const Progress& progress = {});

// Of a scenario with one option: what its fleet comes to, as `run` of `question` serves.
PointFleet fleet_of(CostScenario scenario, const Posed& question, const RunResult& run);

// Throws ConfigError when no option keeps the latency target.
CostStudy cost_study(const CostQuestion& question, const std::vector<OptionRuns>& runs);

}  // namespace orrery
