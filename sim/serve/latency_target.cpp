#include "sim/serve/latency_target.h"

#include <map>

#include "sim/util/errors.h"

namespace orrery {

RunResult largest_batch(const LlmSpec& llm, Scenario scenario, OperatorRunner& runner,
                        const RuntimeSpec& runtime, const LatencyTarget& target, const Progress& progress) {
  std::map<std::uint64_t, RunResult> kept;
  const std::uint64_t replicas = scenario.split.data;
  const auto keeps = [&](std::uint64_t batch) {  // of a replica
    scenario.batch = batch * replicas;
    // A batch in rounds is not one batch: later sequences wait for a whole round.
    if (const BatchPlan plan = plan_batches(llm, scenario, runner.arch(), runtime); plan.round_count() > 1)
      return false;
    RunResult r = run_model(llm, scenario, runner, runtime, progress);
    const bool ok = target.kept_by(r);
    if (ok || batch == 1) kept.emplace(batch, std::move(r));
    return ok;
  };
  const auto fits = [&](std::uint64_t batch) {
    try {
      return keeps(batch);
    } catch (const ConfigError&) {
      if (batch == 1) throw;
      return false;  // more than the memory holds
    }
  };
  if (!fits(1)) return kept.at(1);
  std::uint64_t low = 1;
  std::uint64_t high = 2;
  const std::uint64_t most = std::max<std::uint64_t>(1, target.batch_max / replicas);
  while (high <= most && fits(high)) {
    low = high;
    high *= 2;
  }
  high = std::min(high, most + 1);
  // To an eighth: throughput hardly changes below that.
  while (high - low > std::max<std::uint64_t>(1, low / 8)) {
    const std::uint64_t middle = low + (high - low) / 2;
    (fits(middle) ? low : high) = middle;
  }
  return kept.at(low);
}

}  // namespace orrery
