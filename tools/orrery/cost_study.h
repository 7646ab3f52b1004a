#pragma once
// What a cost scenario comes to once its options are simulated: ownership of each, spread over the draws, who
// beats whom, where the order changes, and prices that are old.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/config/cost_scenario.h"
#include "sim/config/technology.h"

namespace orrery {

// `runs`: of each option, its result with "meets_target" and, for each of the scenario's user rates, another
// in "at_user_rates". Throws ConfigError when no option keeps the latency target.
nlohmann::ordered_json cost_study(CostScenario scenario, const std::vector<ArchSpec>& archs,
                                  const Technology& technology, const std::vector<std::string>& runs,
                                  std::uint64_t draws, std::uint64_t seed, const std::string& as_of);

}  // namespace orrery
