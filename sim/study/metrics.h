#pragma once
// The figures of a result that sweeps compare, constrain and optimise, and those of a configuration that are
// known before anything runs.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/config/technology.h"
#include "sim/workload/llm_spec.h"
#include "sim/workload/transformer_graph.h"

namespace orrery {

// A figure that the tables of results say is compared (Field::compared).
struct Metric {
  std::string name;
  // In a result (orrery/result/1): of a batch and of served requests; the first that is there.
  std::vector<nlohmann::json::json_pointer> at;
  std::string unit;
  bool of_fleet = false;   // of a sweep over a cost scenario: a typical figure of its fleet
  bool of_batch = false;   // of results of a batch
  bool of_served = false;  // of results of served requests
};
inline constexpr std::size_t kMostMetrics = 40;
// In the order in which results have them.
const std::vector<Metric>& metrics();

std::vector<std::string> metric_names();
// Throws ConfigError with the nearest name.
const Metric& metric(const std::string& name);
std::size_t metric_index(const std::string& name);  // in metrics()
// The figures of a result, in the order of metrics(); null where it has none.
std::vector<nlohmann::json> metrics_of(const nlohmann::json& result);

// Before a run: "area_mm2" of all devices' dies and "die_mm2" of one, "unit_cost_usd" of a chip (modelled,
// where the technology table has the process; of an FPGA neither is known), "tdp_w", "peak_tflops" (default
// format), "dram_gb_per_s" and "dram_gib" of a device, and "needed_gib": what weights, keys and values and
// activations take of its memory.
struct InputFigures {
  ArchSpec arch;
  Technology technology;
  LlmSpec llm;
  Scenario scenario;
  std::uint64_t token_budget = 0;  // of the runtime
};
std::vector<std::string> input_metric_names();
nlohmann::json input_metric(const std::string& name, const InputFigures& of);

}  // namespace orrery
