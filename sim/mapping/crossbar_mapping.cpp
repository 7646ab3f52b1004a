#include "sim/mapping/crossbar_mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/timing/crossbar_timing.h"
#include "sim/util/errors.h"
#include "sim/workload/operator_counts.h"

namespace orrery {

bool weights_in_place(const ArchSpec& arch, const Operator& op) {
  const auto* crossbar = std::get_if<CrossbarSpec>(&arch.cores.matrix);
  const auto* shape = std::get_if<MatmulShape>(&op.shape);
  return crossbar != nullptr && crossbar->in_place > 0 && shape != nullptr &&
         shape->grouped.value_or(0) == 0 && op.inputs.at(kMatmulB).kind == TensorKind::weight;
}

void check_in_place(const ArchSpec& arch, const std::vector<Operator>& operators) {
  const auto* spec = std::get_if<CrossbarSpec>(&arch.cores.matrix);
  if (spec == nullptr || spec->in_place == 0) return;
  std::map<TensorName, std::uint64_t> crossbars;
  for (const Operator& op : operators) {
    if (!weights_in_place(arch, op)) continue;
    const auto& shape = std::get<MatmulShape>(op.shape);
    std::uint64_t& taken = crossbars[op.inputs[kMatmulB].id];
    taken = std::max(taken, shape.batch * crossbars_of(*spec, shape.n, shape.k) * spec->copies);
  }
  std::uint64_t needed = 0;
  for (const auto& [tensor, count] : crossbars) needed += count;
  const std::uint64_t has = spec->in_place;  // of the one core
  if (needed <= has) return;
  throw ConfigError(
      "", fmt::format("the weights take {} crossbars of {} x {} cells; {} holds weights in {} of them: "
                      "divide the model over {} times as many devices (--tp, --pp) or raise 'in_place'",
                      needed, spec->rows, spec->cols, arch.name, has, ceil_div(needed, has)));
}

}  // namespace orrery
