#include "sim/engine/power_cap.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "sim/estimate/energy.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

constexpr int kSteps = 200;     // of the nominal clock: boards move in steps of about 15 MHz
constexpr int kLeastStep = 40;  // boards do not go lower
constexpr int kNearEnough = 2;  // steps between a clock that fits and one that does not
constexpr double kFull = 0.99;  // of the cap: no clock worth looking for draws more
constexpr int kMostRuns = 8;
constexpr double kMemoryPaces = 0.8;  // of an estimate: a kernel whose memory takes more waits for it
constexpr int kGuessError = 6;        // steps by which a guess may be too low

double factor_of(int step) {
  return static_cast<double>(step) / kSteps;
}

[[noreturn]] void refuse(const ArchSpec& arch, const std::string& what, double watts) {
  throw ConfigError(
      "",
      fmt::format("{} cannot keep its power cap of {:g} W: {} draws {:.0f} W at the least clock of "
                  "{:.2f} GHz",
                  arch.name, arch.power_cap_w, what, watts, factor_of(kLeastStep) * arch.clock_hz * 1e-9));
}

// The largest step at which a kernel that took `split` at `factor` stays under the cap, if what waits for
// cores, buffers and network slows down with the clock and the rest does not.
int fitting_step(const ArchSpec& arch, const ActivityCounts& counts, const TimeSplit& split,
                 double simulated) {
  double clocked_s = 0;
  for (const TimeCategory c :
       {TimeCategory::compute, TimeCategory::vector, TimeCategory::shared, TimeCategory::noc})
    clocked_s += to_seconds(split[c]);
  const double fixed_s = to_seconds(split.total()) - clocked_s;
  int low = kLeastStep;
  int high = kSteps + 1;
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    const double f = factor_of(middle);
    const bool fits =
        kernel_power_w(arch, counts, fixed_s + clocked_s * simulated / f, f) <= arch.power_cap_w;
    (fits ? low : high) = middle;
  }
  return low;
}

// A clock that was run, and what the chip drew.
struct Tried {
  int step = 0;
  double watts = 0;
};

// The step on the line through two of them at which the chip draws the cap; nullopt where it draws no more at
// the faster one.
std::optional<int> on_line(const Tried& slow, const Tried& fast, double cap_w) {
  if (fast.step <= slow.step || fast.watts <= slow.watts) return std::nullopt;
  const double steps = (cap_w - slow.watts) / (fast.watts - slow.watts) * (fast.step - slow.step);
  return static_cast<int>(std::floor(std::clamp(slow.step + steps, 0.0, double{kSteps})));
}

// What a kernel that was run at `factor` would take at the `fastest` clock, if that were all it waits for.
double least_seconds(const ProgramOutcome& run, double factor, double fastest) {
  return to_seconds(run.time) * factor / fastest;
}

}  // namespace

double kernel_power_w(const ArchSpec& arch, const ActivityCounts& counts, double seconds,
                      double clock_factor) {
  if (seconds <= 0) return 0;
  EnergyBreakdown chip = dynamic_energy(counts, arch, clock_factor);
  chip += active_energy(seconds, arch, clock_factor);
  return total_energy(chip, seconds, 1, arch).total().value() / seconds;
}

void check_power_cap(const ArchSpec& arch) {
  if (arch.power_cap_w <= 0) return;
  const double idle_w = total_energy(Joules(), 1, 1, arch).value();
  if (arch.power_cap_w > idle_w) return;
  throw ConfigError("", fmt::format("{} cannot keep a power cap of {:g} W: it draws {:.0f} W at rest",
                                    arch.name, arch.power_cap_w, idle_w));
}

CappedRun run_under_cap(const ArchSpec& arch, const std::string& what,
                        const std::function<ProgramOutcome(double)>& run_at, double first_factor,
                        double limit_s) {
  int step = std::clamp(static_cast<int>(std::lround(first_factor * kSteps)), kLeastStep, kSteps);
  Tried hot{kSteps + 1, 0};  // the slowest known not to fit
  Tried hotter;              // and the one before
  Tried cool;                // the fastest known to fit
  int misses = 0;
  CappedRun best;
  // Misses go further down each time, so that the least clock is reached where nothing above it fits.
  for (int runs = 0; runs < kMostRuns || cool.step == 0; ++runs) {
    const double factor = factor_of(step);
    ProgramOutcome run = run_at(factor);
    const double watts = kernel_power_w(arch, run.counts, to_seconds(run.time), factor);
    const bool kept = arch.power_cap_w <= 0 || watts <= arch.power_cap_w;
    if (!kept && step == kLeastStep) refuse(arch, what, watts);
    if (kept && step == kSteps) return {std::move(run), 1};
    if (kept) {
      cool = {step, watts};
    } else {
      hotter = hot;
      hot = {step, watts};
    }
    const int alone = fitting_step(arch, run.counts, run.split, factor);
    // Where it fits there may be a faster clock, some steps beyond the guess at most.
    const double fastest = kept ? factor_of(std::clamp(alone + kGuessError, step, kSteps)) : factor;
    if (limit_s > 0 && least_seconds(run, factor, fastest) > limit_s) return {std::move(run), factor};
    if (kept) best = {std::move(run), factor};
    // Two clocks say how the power grows, one has to be extrapolated.
    std::optional<int> between;
    if (hot.watts > 0 && cool.step > 0) between = on_line(cool, hot, arch.power_cap_w);
    if (!between && !kept && hotter.watts > 0) between = on_line(hot, hotter, arch.power_cap_w);
    int next = between.value_or(alone);
    if (hot.step - cool.step <= kNearEnough || (kept && watts >= kFull * arch.power_cap_w)) break;
    if (kept && next <= cool.step + kNearEnough - 1) break;
    // Below what does not fit, the further the more often the guess was too high; and above what fits.
    next = std::min(next, hot.step - (kept ? 1 : 1 << misses++));
    if (next <= cool.step) next = (cool.step + hot.step) / 2;
    step = std::max(next, kLeastStep);
  }
  return best;
}

double guess_clock(const ArchSpec& arch, const ActivityCounts& counts, double seconds, double dram_s) {
  if (arch.power_cap_w <= 0) return 1;
  TimeSplit split;
  const bool waits = dram_s > kMemoryPaces * seconds;
  split.add(TimeCategory::dram, from_seconds(waits ? std::min(0.5 * dram_s, seconds) : 0));
  split.add(TimeCategory::compute, from_seconds(seconds) - split[TimeCategory::dram]);
  return factor_of(std::min(kSteps, fitting_step(arch, counts, split, 1)));
}

CappedBound bound_under_cap(const ArchSpec& arch, const std::string& what, const RooflineBound& bound) {
  if (arch.power_cap_w <= 0) return {bound.seconds, 1};
  const bool clocked = bound.bound == TimeCategory::compute || bound.bound == TimeCategory::vector;
  std::optional<CappedBound> best;
  for (int step = kLeastStep; step <= kSteps; ++step) {
    const double f = factor_of(step);
    const double fastest = clocked ? bound.seconds / f : bound.seconds;
    // Watts left for the work beside what is drawn all the time, and what the work takes at least.
    EnergyBreakdown rest = active_energy(1, arch, f);
    const double left_w = arch.power_cap_w - total_energy(rest, 1, 1, arch).total().value();
    const double joules = total_energy(dynamic_energy(bound.counts, arch, f), 0, 1, arch).total().value();
    if (left_w <= 0 && joules > 0) continue;
    const double seconds = joules > 0 ? std::max(fastest, joules / left_w) : fastest;
    if (!best || seconds < best->seconds) best = {seconds, f};
  }
  if (!best) refuse(arch, what, kernel_power_w(arch, bound.counts, bound.seconds, factor_of(kLeastStep)));
  return *best;
}

}  // namespace orrery
