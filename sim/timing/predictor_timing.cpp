#include "sim/timing/predictor_timing.h"

#include <algorithm>
#include <cmath>

#include "sim/util/units.h"

namespace orrery {

PartCycles predictor_cycles(const ScorePredictorSpec& spec, std::uint64_t queries, std::uint64_t keys) {
  if (spec.searched_keys == 0) return PartCycles{static_cast<double>(queries * keys) / spec.pairs_per_cycle};
  const std::uint64_t fillings = ceil_div<std::uint64_t>(keys, spec.searched_keys);
  return PartCycles{static_cast<double>(queries * fillings) * spec.search_cycles +
                    static_cast<double>(keys) * spec.write_cycles};
}

std::uint64_t computed_keys(const ScorePredictorSpec& spec, std::uint64_t keys, std::uint64_t queries) {
  const double density = spec.kept_share;
  if (density >= 1 || keys == 0) return keys;
  const auto all = static_cast<double>(keys);
  const auto in_step = static_cast<double>(std::clamp<std::uint64_t>(queries, 1, spec.queries_in_step));
  const double more = std::sqrt(2 * all * density * (1 - density) * std::log(in_step));
  const double computed = std::ceil((all * density + more) / spec.filled_share);
  return static_cast<std::uint64_t>(std::min(all, computed));
}

std::uint64_t kept_macs(const ScorePredictorSpec& spec, std::uint64_t all) {
  return static_cast<std::uint64_t>(std::ceil(static_cast<double>(all) * spec.kept_share));
}

double kept_by_any(const ScorePredictorSpec& spec, std::uint64_t queries) {
  return 1 - std::pow(1 - spec.kept_share, static_cast<double>(queries));
}

}  // namespace orrery
