#pragma once
// The figures of a result that sweeps compare, constrain and optimise, and those of a configuration that are
// known before anything runs.

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/config/technology.h"
#include "sim/workload/llm_spec.h"
#include "sim/workload/transformer_graph.h"

namespace orrery {

struct Metric {
  const char* name;
  const char* pointer;  // in a result (orrery/result/1)
  const char* unit;
};
inline constexpr std::array<Metric, 19> kMetrics = {{
    {"ttft_s", "/ttft_s", "s"},
    {"tpot_s", "/tpot_s", "s"},
    {"latency_s", "/latency_s", "s"},
    {"tokens_per_s", "/tokens_per_s", "tokens/s"},
    {"energy_j", "/energy_j/total", "J"},
    {"energy_per_token_j", "/energy_per_token_j", "J"},
    {"average_power_w", "/average_power_w", "W"},
    {"area_mm2", "/area_mm2", "mm2"},
    {"unit_cost_usd", "/price_usd/unit_cost", "USD"},
    {"usd_per_m_output_tokens", "/price_usd/per_m_output_tokens", "USD"},
    {"utilization_compute", "/utilization/compute", ""},
    {"utilization_dram", "/utilization/dram", ""},
    {"expected_p90", "/expected_error/p90", ""},
    // Of a sweep over a cost scenario: typical figures of its fleet.
    {"keeps_target", "/ownership/keeps_target", ""},  // 1 or 0
    {"owned_usd_per_m_tokens", "/ownership/usd_per_m_tokens/all", "USD"},
    {"capex_usd", "/ownership/capex_usd", "USD"},
    {"fleet_chips", "/ownership/chips", ""},
    {"wall_joule_per_token", "/ownership/joule_per_token", "J"},
    {"gco2_per_m_tokens", "/ownership/gco2_per_m_output_tokens", "g"},
}};

std::vector<std::string> metric_names();
// Throws ConfigError with the nearest name.
const Metric& metric(const std::string& name);
std::size_t metric_index(const std::string& name);  // in kMetrics

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
