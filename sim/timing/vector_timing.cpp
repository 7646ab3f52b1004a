#include "sim/timing/vector_timing.h"

#include <algorithm>

namespace orrery {

VectorWork vector_work(const VectorUnitSpec& spec, const VectorCost& cost, std::uint64_t rows,
                       std::uint64_t cols) {
  const double elements = static_cast<double>(rows) * static_cast<double>(cols);
  VectorWork work;
  work.simple_ops = static_cast<std::uint64_t>(elements * cost.simple_ops);
  work.transcendental_ops = static_cast<std::uint64_t>(
      elements * cost.transcendental_ops + static_cast<double>(rows) * cost.row_transcendental_ops);
  if (rows == 0 || cols == 0) return work;
  // A lane group shorter than the unit's width idles the rest; several short rows share the lanes.
  const double lane_cycles = std::ceil(elements / spec.lanes) * cost.simple_ops;
  const double special_cycles = static_cast<double>(work.transcendental_ops) / spec.transcendental_lanes;
  std::uint64_t tree_levels = 0;
  for (std::uint64_t width = std::min<std::uint64_t>(cols, spec.lanes); width > 1; width = (width + 1) / 2)
    ++tree_levels;
  const Cycles latency{spec.latency_cycles * (1 + cost.reductions * tree_levels)};
  work.cycles = Cycles{static_cast<std::uint64_t>(std::ceil(std::max(lane_cycles, special_cycles)))};
  if (work.cycles > Cycles{0}) work.cycles += latency;
  // Sums of a row's groups of lanes follow one another through the accumulator; rows interleave.
  const std::uint64_t in_flight = std::uint64_t{spec.accumulators} * rows;
  if (spec.accumulators > 0 && in_flight < spec.latency_cycles) {
    const std::uint64_t groups = ceil_div<std::uint64_t>(cols, spec.lanes);
    work.cycles += Cycles{cost.reductions * groups * (spec.latency_cycles - in_flight)};
  }
  return work;
}

}  // namespace orrery
