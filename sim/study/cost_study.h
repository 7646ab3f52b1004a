#pragma once
// What a cost scenario comes to: the most requests that each option serves within the targets, ownership of
// each, spread over the draws, who beats whom, where the order changes, and prices that are old.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/report/cost_fields.h"
#include "sim/study/serve.h"

namespace orrery {

// What the simulation says of an option at the scenario's target, and at each of its user rates.
struct SimulatedOption {
  ServingResult served;  // as many requests as keep the target; where none does, as many as it can
  bool meets_target = false;
  // Nine of ten requests take up to so long where hardly any come; of an option that misses the target.
  double least_ttft_s = 0, least_tpot_s = 0, least_e2e_s = 0;
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
  std::vector<Posed> options;     // what is run for each
  std::vector<std::string> runs;  // by all that is simulated of it: prices are not among that
  std::uint64_t draws = 10000, seed = 1;
  std::optional<std::string> as_of;
};

// A scenario by its name, with its uncertain numbers and its options' machines changed, and its prices as
// listed where it states none. Throws ConfigError: all that can be refused before anything is simulated.
CostQuestion posed_cost(const std::string& name, const std::vector<Patch>& patches);

// One option, in this process, or as it was kept before.
OptionRuns simulate_option(const CostQuestion& question, std::size_t option, Session& session,
                           const Progress& progress = {});

// A question's requests on a runner that stands: as many as keep the targets; where none does, as many as it
// can.
SimulatedOption served_or_without(const Posed& question, OperatorRunner& runner,
                                  const Progress& progress = {});

// Of a scenario with one option: what its fleet comes to, as the machine of `question` serves.
PointFleet fleet_of(CostScenario scenario, const Posed& question, const SimulatedOption& simulated);

// Throws ConfigError when no option keeps the latency target.
CostStudy cost_study(const CostQuestion& question, const std::vector<OptionRuns>& runs);

}  // namespace orrery
