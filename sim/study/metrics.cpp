#include "sim/study/metrics.h"

#include <algorithm>
#include <stdexcept>

#include "sim/estimate/area.h"
#include "sim/estimate/price_figures.h"
#include "sim/report/result_fields.h"
#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"
#include "sim/workload/memory_need.h"

namespace orrery {

namespace {

// Those of a table and of the objects in it; `at`: where it stands.
void add_compared(const Table& table, const nlohmann::json::json_pointer& at, std::vector<Metric>& metrics) {
  for (const Field& f : table.fields()) {
    const nlohmann::json::json_pointer place = at / f.key;
    if (!f.compared.empty())
      metrics.push_back({f.compared, f.compared_member.empty() ? place : place / f.compared_member, f.unit,
                         place.to_string().rfind("/ownership/", 0) == 0});
    if (f.shape.kind == ShapeKind::object) add_compared(f.shape.table(), place, metrics);
  }
}

}  // namespace

const std::vector<Metric>& metrics() {
  static const std::vector<Metric> all = [] {
    std::vector<Metric> found;
    add_compared(table_of<RunResult>(), nlohmann::json::json_pointer(), found);
    if (found.size() > kMostMetrics) throw std::logic_error("more figures are compared than kMostMetrics");
    return found;
  }();
  return all;
}

std::vector<std::string> metric_names() {
  std::vector<std::string> names;
  for (const Metric& m : metrics()) names.push_back(m.name);
  return names;
}

const Metric& metric(const std::string& name) {
  for (const Metric& m : metrics()) {
    if (name == m.name) return m;
  }
  throw ConfigError("", "no figure of a result is named '" + name + "'" + did_you_mean(name, metric_names()));
}

std::size_t metric_index(const std::string& name) {
  return static_cast<std::size_t>(&metric(name) - metrics().data());
}

std::vector<nlohmann::json> metrics_of(const nlohmann::json& result) {
  std::vector<nlohmann::json> values;
  for (const Metric& m : metrics())
    values.push_back(result.contains(m.at) && result[m.at].is_number() ? result[m.at]
                                                                       : nlohmann::json(nullptr));
  return values;
}

std::vector<std::string> input_metric_names() {
  return {"area_mm2",    "die_mm2",       "unit_cost_usd", "tdp_w",
          "peak_tflops", "dram_gb_per_s", "dram_gib",      "needed_gib"};
}

nlohmann::json input_metric(const std::string& name, const InputFigures& of) {
  const auto& [arch, technology, llm, scenario, token_budget] = of;
  if (name == "tdp_w") return arch.tdp_w;
  if (name == "peak_tflops") return 2e-12 * arch.peak_macs_per_s(arch.execution.default_dtype);
  if (name == "dram_gb_per_s") return 1e-9 * arch.dram.peak_bytes_per_s();
  if (name == "dram_gib") return static_cast<double>(arch.dram.capacity_bytes) / static_cast<double>(kGiB);
  if (name == "needed_gib")
    return static_cast<double>(memory_need(llm, scenario, token_budget).total()) / static_cast<double>(kGiB);
  if (arch.reconfigurable)
    throw ConfigError("",
                      "'" + name + "' of " + arch.name + " is not known: a part that is bought, not made");
  const bool area = name != "unit_cost_usd";
  if (!technology.has_process(arch.process_nm) && !(area && arch.die_mm2 > 0)) {
    throw ConfigError("", "'" + name + "' of " + arch.name +
                              " is not known, as the technology table lacks the process it is made in");
  }
  if (name == "die_mm2") return die_area_mm2(arch, technology);
  if (name == "area_mm2") return die_area_mm2(arch, technology) * scenario.split.devices();
  RunResult nothing;
  nothing.devices = 1;
  add_price_figures(nothing, arch, technology, {});
  return nothing.price.unit_cost.value_or(0);
}

}  // namespace orrery
