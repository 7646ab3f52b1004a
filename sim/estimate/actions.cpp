#include "sim/estimate/actions.h"

#include <array>

#include <algorithm>
#include <cmath>

namespace orrery {

double sram_pj_per_bit(const EnergyTable& table, double kib) {
  const auto& points = table.sram_pj_per_bit;
  if (kib <= points.front().first) return points.front().second;
  for (std::size_t i = 1; i < points.size(); ++i) {
    if (kib > points[i].first) continue;
    const double share =
        std::log(kib / points[i - 1].first) / std::log(points[i].first / points[i - 1].first);
    return points[i - 1].second + share * (points[i].second - points[i - 1].second);
  }
  return points.back().second;
}

double mac_pj(const EnergyTable& table, const CoreEnergySpec& core, DType dtype) {
  const double own = table.mac_pj[static_cast<std::size_t>(dtype)];
  const std::uint32_t bits = storage_bits(dtype);
  if (bits > 8) return own;
  return std::max(own, core.narrow_share * bits / 8 * table.mac_pj[static_cast<std::size_t>(DType::fp16)]);
}

std::vector<ActionFigure> action_figures(const ActivityCounts& counts, const ArchSpec& arch) {
  std::vector<ActionFigure> figures;
  for_each_action(counts, arch, [&figures](const Action& action) {
    if (action.count > 0)
      figures.push_back({action.block, action.name, action.unit, action.count, action.pj});
  });
  return figures;
}

std::vector<SharingFigure> sharing_figures(const WorkSharing& sharing) {
  struct Row {
    const char *block, *action, *unit;
  };
  constexpr std::array<Row, kSharedWorks> kRows = {{{"core", "issue_mac", "16-bit MACs"},
                                                    {"core", "issue_vector_op", "operations"},
                                                    {"core", "move", "bytes"},
                                                    {"dram", "access", "bytes"}}};
  std::vector<SharingFigure> figures;
  for (std::size_t i = 0; i < kSharedWorks; ++i) {
    const Sharing& s = sharing[i];
    if (s.sum <= 0) continue;
    figures.push_back(
        {kRows[i].block, kRows[i].action, kRows[i].unit, s.instances, s.mean(), s.largest, s.which});
  }
  return figures;
}

}  // namespace orrery
