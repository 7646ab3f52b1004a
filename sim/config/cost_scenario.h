#pragma once
// A question of what to buy: a workload, a demand, finance, and options (machines bought, rented or made).
// From arch_configs/costs or a path (schema orrery/cost/1). Every uncertain number is an Estimate with a
// name.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/config/estimate.h"

namespace orrery {

enum class Acquisition : std::uint8_t { buy, rent, make };

// An uncertain number and where it was read: "options.GPU.chip_price". Draws are indexed alike.
struct CostVariable {
  std::string name;
  Estimate value;
  bool is_price = false;
};
using VariableId = std::size_t;

struct CostOption {
  std::string name, arch, dtype, runtime = "ideal", node;
  std::uint32_t devices = 1;           // a replica of the model
  double process_nm = 0;               // node it is made in; 0 = the machine's
  std::string process_where;           // file:line that says so, or that names the machine
  double power_cap_w = 0;              // overrides the machine's; 0 = as it is
  std::optional<std::uint64_t> batch;  // fixed; otherwise the largest that keeps the targets
  Acquisition acquisition = Acquisition::buy;
  std::uint32_t chips_per_server = 8;
  double host_idle_share = 0.5;  // of the host's power, without load
  double spare_share = 0;        // of a made die
  std::uint32_t dies = 1;
  double process_age_quarters = -1;  // of the node since its volume start; -1 = as the table's figures
  bool elastic = false;              // rented by the hour, only while needed
  VariableId chip_price = 0;         // buy
  VariableId rent_per_hour = 0;      // a chip; also what buying is compared with
  bool has_rent = false;
  VariableId server_price = 0, host_w = 0, licence_per_year = 0, throughput_factor = 0;
  VariableId engineering_price = 0;  // once: bringing the model onto the machine
  // make:
  VariableId wafer_price = 0, defects_per_cm2 = 0, package_price = 0, memory_price_per_gb = 0,
             mask_set_price = 0, design_price = 0, ip_price = 0, margin = 0, volume = 0;
  double die_mm2 = 0;  // published or modelled
  double memory_gb = 0;
  double test_share = 0, yield_clustering = 3, wafer_mm = 300, scribe_mm = 0;
  double die_to_die_share = 0, assembly_yield = 1;
  std::uint32_t placed_parts = 0;  // dies and memory stacks on an interposer; 0 = none
};

struct CostScenario {
  std::string title, question, model, file;
  std::uint64_t input = 1024, output = 128;
  double ttft_max_s = 0, tpot_max_s = 0;  // 0 = none
  std::uint64_t batch_max = 256;
  std::vector<double> user_rates;     // tokens/s a user at which to compare the options again
  std::vector<double> daily_profile;  // share of the peak, hour by hour
  std::vector<CostVariable> variables;
  VariableId peak_tokens_per_s = 0, years = 0, discount_rate = 0, residual_share = 0, electricity_per_kwh = 0,
             pue = 0, colocation_per_kw_month = 0, staff_per_year = 0, network_share = 0,
             grid_gco2_per_kwh = 0, embodied_kgco2_per_cm2 = 0, embodied_kgco2_per_gb = 0, utilisation = 0;
  std::vector<CostOption> options;

  double mean_of_profile() const;
};

// Throws ConfigError with file:line: schema, a price without currency or date, a PUE under 1, a utilisation
// over 1, a lifetime that is not positive, an unknown machine or model, a technology node that is not in the
// table.
ConfigDocument load_cost_document(const std::string& name);
CostScenario build_cost_scenario(const ConfigDocument& document);
CostScenario load_cost_scenario(const std::string& name);
std::vector<std::string> cost_scenario_names();

}  // namespace orrery
