#include "sim/study/capacity.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr double kRateTolerance = 0.02;  // of the highest rate that keeps the targets
constexpr double kMostRate = 1e6;
constexpr int kMostHalvings = 14;
constexpr std::uint64_t kFewestRequests = 400;
constexpr double kFills = 4;  // how often a trial's requests fill the replicas

}  // namespace

std::uint64_t trial_requests(double sequences) {
  return std::max(kFewestRequests, static_cast<std::uint64_t>(kFills * sequences));
}

ServingResult highest_rate(ServingBench& bench, const LoadSpec& asked, double good_share,
                           const Progress& progress) {
  LoadSpec load = asked;
  const bool open_ended = load.requests == 0 && load.trace.empty();
  if (load.rate <= 0 || open_ended) {
    const SteadyState steady = bench.estimate(load);
    if (load.rate <= 0) load.rate = steady.requests_per_s / 2;
    if (open_ended) load.requests = trial_requests(steady.sequences);
  }
  std::optional<ServingResult> best;
  const auto keeps = [&](double rate) {
    load.rate = rate;
    ServingResult r = bench.run(load, progress);
    const bool kept = !r.saturation.saturated && double{r.good_share} >= good_share;
    if (kept || !best || double{*best->highest_rate_per_s} == 0) {
      r.highest_rate_per_s = kept ? rate : 0.0;
      best = std::move(r);
    }
    return kept;
  };
  double low = 0;
  double high = load.rate > 0 ? load.rate : 1;
  while (high < kMostRate && keeps(high)) {
    low = high;
    high *= 1.5;
  }
  for (int halvings = 0; low == 0 && halvings < kMostHalvings; ++halvings) {
    const double rate = high / 2;
    if (keeps(rate)) {
      low = rate;
    } else {
      high = rate;
    }
  }
  while (low > 0 && high - low > kRateTolerance * low) {
    const double middle = (low + high) / 2;
    (keeps(middle) ? low : high) = middle;
  }
  return *best;
}

}  // namespace orrery
