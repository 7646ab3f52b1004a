#pragma once
// Results as JSON by schema orrery/result/1. Everything but `run_info` is the same on every host and run.

#include <nlohmann/json.hpp>

#include "sim/stats/run_result.h"

namespace orrery {

nlohmann::ordered_json to_json(const RunResult& result);
nlohmann::ordered_json to_json(const KernelResult& result);

}  // namespace orrery
