#include "sim/estimate/ownership.h"

#include <algorithm>
#include <cmath>

#include "sim/estimate/area.h"
#include "sim/estimate/chip_cost.h"
#include "sim/util/units.h"

namespace orrery {
namespace {

constexpr double kMillion = 1e6;

VariableId add(CostScenario& scenario, const std::string& name, const Estimate& value, bool price) {
  scenario.variables.push_back({name, value, price});
  return scenario.variables.size() - 1;
}

}  // namespace

void add_technology(CostScenario& s, CostOption& option, const ArchSpec& arch, const Technology& technology) {
  const bool modelled = option.acquisition == Acquisition::make ||
                        (technology.has_node(arch.process_nm) && !arch.reconfigurable);
  option.die_mm2 = modelled ? die_area_mm2(arch, technology) / option.dies : arch.die_mm2;
  option.memory_gb = static_cast<double>(arch.dram.capacity_bytes) * 1e-9;
  if (option.acquisition != Acquisition::make) return;
  const TechnologyNode& node = technology.node(arch.process_nm);
  const bool stacked = has_stacked_memory(arch);
  const std::string name = option.name + ".";
  option.wafer_price = add(s, name + "wafer_price", node.wafer_price, true);
  Estimate defects = node.defects_per_cm2;
  if (option.process_age_quarters >= 0) {
    const double learnt = defect_learning(option.process_age_quarters, technology.defect_reference_quarters,
                                          technology.defect_initial, technology.defect_learning_quarters);
    defects.low *= learnt, defects.typical *= learnt, defects.high *= learnt;
  }
  option.defects_per_cm2 = add(s, name + "defects_per_cm2", defects, false);
  option.mask_set_price = add(s, name + "mask_set_price", node.mask_set_price, true);
  option.design_price = add(s, name + "design_price", node.design_price, true);
  option.package_price = add(
      s, name + "package_price",
      stacked || option.dies > 1 ? technology.interposer_package_price : technology.standard_package_price,
      true);
  option.memory_price_per_gb =
      add(s, name + "memory_price_per_gb",
          stacked ? technology.hbm_price_per_gb : technology.dram_price_per_gb, true);
  const std::uint32_t stacks = stacked ? memory_stacks(arch) : 0;
  option.placed_parts = stacks > 0 || option.dies > 1 ? option.dies + stacks : 0;
  option.die_to_die_share = technology.die_to_die_share;
  option.assembly_yield = technology.assembly_yield;
  option.test_share = technology.test_share;
  option.yield_clustering = technology.yield_clustering;
  option.wafer_mm = technology.wafer_mm;
  option.scribe_mm = technology.scribe_mm;
}

void add_error(CostScenario& s, CostOption& option, const ServedOption& served) {
  // Where nothing is known of the error, half is assumed: better a wide answer than a confident one.
  const double p90 = served.error_known ? std::min(0.9, served.expected_p90) : 0.5;
  option.throughput_factor =
      add(s, option.name + ".simulation_error", {1 - p90, 1, 1 + p90, "", "", ""}, false);
}

MadeChip made_chip(const CostOption& o, const std::vector<double>& draw) {
  ChipCostInputs in;
  in.die_mm2 = o.die_mm2;
  in.dies = o.dies;
  in.spare_share = o.spare_share;
  in.wafer_price = draw[o.wafer_price];
  in.wafer_mm = o.wafer_mm;
  in.scribe_mm = o.scribe_mm;
  in.defects_per_cm2 = draw[o.defects_per_cm2];
  in.yield_clustering = o.yield_clustering;
  in.package_price = draw[o.package_price];
  in.memory_gb = o.memory_gb;
  in.memory_price_per_gb = draw[o.memory_price_per_gb];
  in.test_share = o.test_share;
  in.die_to_die_share = o.die_to_die_share;
  in.assembly_yield = o.assembly_yield;
  in.placed_parts = o.placed_parts;
  const ChipCost cost = chip_cost(in);
  const double nre = draw[o.mask_set_price] + draw[o.design_price] + draw[o.ip_price];
  return {cost.total() * (1 + draw[o.margin]), nre, cost.yield};
}

OwnershipCost own(const CostScenario& s, const CostOption& o, const ServedOption& served,
                  const std::vector<double>& draw) {
  OwnershipCost c;
  const double rate = served.output_tokens_per_s * draw[o.throughput_factor];
  const double replicas = std::max(1.0, std::ceil(draw[s.peak_tokens_per_s] / rate));
  c.chips = replicas * o.devices;
  c.servers = std::ceil(c.chips / o.chips_per_server);
  const double used = std::min(1.0, s.mean_of_profile() * draw[s.utilisation]);  // of the hours, of the peak
  // The fleet is sized for the peak; of what it could serve then, this share is asked on average.
  const double tokens = draw[s.peak_tokens_per_s] * used * kHoursAYear * 3600;
  const double load = std::min(1.0, tokens / (replicas * rate * kHoursAYear * 3600));

  const double host = draw[o.host_w] * c.servers;
  const double watts = replicas * (served.power_w * load + served.idle_w * (1 - load)) +
                       host * (load + o.host_idle_share * (1 - load));
  const double kwh = watts * 1e-3 * kHoursAYear * draw[s.pue];
  c.joule_per_token = watts * draw[s.pue] * kHoursAYear * 3600 / tokens;

  const double years = draw[s.years];
  const double recovery = capital_recovery_factor(draw[s.discount_rate], years);
  const double rent_hours = o.elastic ? kHoursAYear * load : kHoursAYear;
  const double rent = c.chips * draw[o.rent_per_hour] * rent_hours;
  c.engineering = draw[o.engineering_price];
  if (o.acquisition == Acquisition::rent) {
    c.rent = rent;
    c.capex = c.engineering;
    c.capital = c.capex * recovery;
  } else {
    c.chip_price = draw[o.chip_price];
    if (o.acquisition == Acquisition::make) {
      const MadeChip chip = made_chip(o, draw);
      c.chip_price = chip.unit;
      // Spread over what else is made of it, or over the fleet alone.
      c.nre = chip.nre * c.chips / std::max(c.chips, draw[o.volume]);
    }
    const double hardware = c.chips * c.chip_price + c.servers * draw[o.server_price];
    c.capex = hardware * (1 + draw[s.network_share]) + c.nre + c.engineering;
    // What is left of the hardware after the last year comes back then.
    const double residual = hardware * draw[s.residual_share] / std::pow(1 + draw[s.discount_rate], years);
    c.capital = (c.capex - residual) * recovery;
    c.electricity = kwh * draw[s.electricity_per_kwh];
    const double peak_kw = (replicas * served.power_w + host) * 1e-3;
    c.colocation = peak_kw * draw[s.colocation_per_kw_month] * 12;
  }
  c.staff = draw[s.staff_per_year];
  c.licences = c.chips * draw[o.licence_per_year];

  const double inputs = tokens * static_cast<double>(s.input) / static_cast<double>(s.output);
  c.usd_per_m_all = c.total() / tokens * kMillion;
  c.usd_per_m_input = c.total() * served.prefill_share / inputs * kMillion;
  c.usd_per_m_output = c.total() * (1 - served.prefill_share) / tokens * kMillion;
  const double embodied_kg = c.chips * (served.silicon_cm2 * draw[s.embodied_kgco2_per_cm2] +
                                        served.memory_gb * draw[s.embodied_kgco2_per_gb]);
  c.gco2_per_m_output = (kwh * draw[s.grid_gco2_per_kwh] + embodied_kg * 1e3 / years) / tokens * kMillion;

  if (o.acquisition != Acquisition::rent && o.has_rent) {
    const double saved = rent / 12 - (c.electricity + c.colocation) / 12;
    if (saved > 0) c.break_even_months = c.capex / saved;
  }
  return c;
}

}  // namespace orrery
