#include "sim/study/metrics.h"

#include <algorithm>
#include <stdexcept>

#include "sim/estimate/area.h"
#include "sim/estimate/price_figures.h"
#include "sim/report/result_fields.h"
#include "sim/report/serving_fields.h"
#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"
#include "sim/workload/memory_need.h"

namespace orrery {

namespace {

// Those of a table and of the objects in it; `at`: where it stands, `of`: marks whose they are.
void add_compared(const Table& table, const nlohmann::json::json_pointer& at, bool Metric::*of,
                  std::vector<Metric>& metrics) {
  for (const Field& f : table.fields()) {
    const nlohmann::json::json_pointer place = at / f.key;
    for (const auto& [name, member] : f.compared) {
      const auto known = std::find_if(metrics.begin(), metrics.end(),
                                      [&name = name](const Metric& m) { return m.name == name; });
      Metric& metric = known != metrics.end() ? *known : metrics.emplace_back();
      metric.name = name;
      metric.at.push_back(member.empty() ? place : place / member);
      if (!f.unit.empty()) metric.unit = f.unit;
      metric.of_fleet = place.to_string().rfind("/ownership/", 0) == 0;
      metric.*of = true;
    }
    if (f.shape.kind == ShapeKind::object) add_compared(f.shape.table(), place, of, metrics);
  }
}

}  // namespace

const std::vector<Metric>& metrics() {
  static const std::vector<Metric> all = [] {
    std::vector<Metric> found;
    add_compared(table_of<RunResult>(), nlohmann::json::json_pointer(), &Metric::of_batch, found);
    add_compared(table_of<ServingResult>(), nlohmann::json::json_pointer(), &Metric::of_served, found);
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
  for (const Metric& m : metrics()) {
    nlohmann::json& value = values.emplace_back(nullptr);
    for (const auto& at : m.at) {
      if (value.is_null() && result.contains(at) && result[at].is_number()) value = result[at];
    }
  }
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
    return static_cast<double>(memory_need(llm, scenario, arch.execution, token_budget).total()) /
           static_cast<double>(kGiB);
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
