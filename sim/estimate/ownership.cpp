#include "sim/estimate/ownership.h"

#include <algorithm>
#include <cmath>

#include "sim/estimate/chip_cost.h"
#include "sim/util/units.h"

namespace orrery {
namespace {

constexpr double kMillion = 1e6;

}  // namespace

ServedOption served_by(const ServingResult& run, const CostOption& option, const ChipMake& make,
                       const ArchSpec& arch) {
  ServedOption o;
  o.sequences = run.steps.decoding * run.division.pipeline;  // a step is one of its batches
  o.ttft_s = run.ttft.p90.value_or(0);
  o.tpot_s = run.tpot.p90.value_or(0);
  o.e2e_s = run.e2e.p90.value_or(0);
  o.requests_per_s = run.highest_rate_per_s.value_or(run.requests_per_s);
  o.output_tokens_per_s = o.requests_per_s * std::max(1.0, double{run.output_tokens});
  o.prefill_share = run.prompt_share;
  o.power_w = run.average_power_w;
  o.idle_w = std::min(o.power_w, option.devices * arch.static_w / arch.supply_efficiency);
  o.nameplate_w = option.devices * board_nameplate_w(arch, o.power_w / option.devices);
  o.silicon_cm2 = make.die_mm2 * make.dies / 100;
  o.memory_gb = make.memory_gb;
  o.expected_p90 = run.expected.p90;
  o.make = make;
  return o;
}

double servers_for(double replicas, std::uint32_t devices, std::uint32_t chips_per_server) {
  if (devices > chips_per_server)
    return replicas * std::ceil(static_cast<double>(devices) / chips_per_server);
  return std::ceil(replicas / std::floor(static_cast<double>(chips_per_server) / devices));
}

double board_nameplate_w(const ArchSpec& arch, double otherwise_w) {
  const double most = arch.power_cap_w > 0 ? arch.power_cap_w : arch.tdp_w;
  return most > 0 ? most : otherwise_w;
}

double servers_of_a_rack(double rack_kw, double server_kw) {
  return std::max(1.0, std::floor(rack_kw / server_kw));
}

UncertainNumber error_factor(const ServedOption& served) {
  // Where nothing is known of the error, half is assumed: better a wide answer than a confident one.
  const double p90 = served.expected_p90 ? std::min(0.9, *served.expected_p90) : 0.5;
  return {1 - p90, 1, 1 + p90, "", "", ""};
}

OwnershipCost own(const CostScenario& s, const CostOption& o, const ServedOption& served,
                  const FleetTerms<double>& fleet, const OptionTerms<double>& option) {
  OwnershipCost c;
  const double rate = served.output_tokens_per_s * option.throughput_factor;
  double replicas = rate > 0 ? std::max(1.0, std::ceil(fleet.peak_tokens_per_s / rate)) : 1;
  c.servers = servers_for(replicas, o.devices, o.chips_per_server);
  const bool owned = o.acquisition != Acquisition::rent;
  if (owned && o.devices <= o.chips_per_server)  // whole servers serve as a whole
    replicas = c.servers * std::floor(static_cast<double>(o.chips_per_server) / o.devices);
  c.chips = owned ? c.servers * o.chips_per_server : replicas * o.devices;
  const double used = std::min(1.0, s.mean_of_profile() * fleet.utilisation);  // of the hours, of the peak
  // The fleet is sized for the peak; of what it could serve then, this share is asked on average.
  const double tokens = fleet.peak_tokens_per_s * used * kHoursAYear * 3600;
  const double load = rate > 0 ? std::min(1.0, tokens / (replicas * rate * kHoursAYear * 3600)) : 1;

  const double host = option.host_w * c.servers;
  const double unused = c.chips / o.devices - replicas;  // chips of a server that no replica fits
  const double watts = replicas * (served.power_w * load + served.idle_w * (1 - load)) +
                       unused * served.idle_w + host * (load + o.host_idle_share * (1 - load));
  const double kwh = watts * 1e-3 * kHoursAYear * fleet.pue;
  c.average_kw = watts * 1e-3;
  c.nameplate_kw = 1e-3 * (c.servers + o.spare_servers) *
                   (served.nameplate_w / o.devices * o.chips_per_server + option.host_w);
  c.joule_per_token = watts * fleet.pue * kHoursAYear * 3600 / tokens;

  const double years = fleet.years;
  const double recovery = capital_recovery_factor(fleet.discount_rate, years);
  const double rent_hours = o.elastic ? kHoursAYear * load : kHoursAYear;
  const double rent = c.chips * option.rent_per_hour * rent_hours;
  c.engineering = option.engineering_price;
  if (!owned) {
    c.rent = rent;
    c.capex = c.engineering;
    c.capital = c.capex * recovery;
  } else {
    c.chip_price = option.chip_price;
    if (o.acquisition == Acquisition::make) {
      const MadeChip chip = made_chip(served.make, option);
      c.chip_price = chip.unit;
      // Spread over what else is made of it, or over the fleet alone.
      c.nre = chip.nre * c.chips / std::max(c.chips, option.volume);
    }
    const double servers = c.servers + o.spare_servers;
    const double chips = c.chips + static_cast<double>(o.spare_servers) * o.chips_per_server;
    const double hardware = chips * *c.chip_price + servers * option.server_price;
    c.capex = hardware * (1 + fleet.network_share) + c.nre + c.engineering;
    // What is left of the hardware after the last year comes back then.
    const double residual = hardware * fleet.residual_share / std::pow(1 + fleet.discount_rate, years);
    c.capital = (c.capex - residual) * recovery;
    c.electricity = kwh * fleet.electricity_per_kwh;
    const double peak_kw = (replicas * served.power_w + host) * 1e-3;
    c.colocation = peak_kw * fleet.colocation_per_kw_month * 12;
  }
  c.staff = fleet.staff_per_year;
  c.licences = c.chips * option.licence_per_year;

  const double inputs = tokens * static_cast<double>(s.input) / static_cast<double>(s.output);
  c.usd_per_m_all = c.total() / tokens * kMillion;
  c.usd_per_m_input = c.total() * served.prefill_share / inputs * kMillion;
  c.usd_per_m_output = c.total() * (1 - served.prefill_share) / tokens * kMillion;
  const double embodied_kg = c.chips * (served.silicon_cm2 * fleet.embodied_kgco2_per_cm2 +
                                        served.memory_gb * fleet.embodied_kgco2_per_gb);
  c.gco2_per_m_output = (kwh * fleet.grid_gco2_per_kwh + embodied_kg * 1e3 / years) / tokens * kMillion;

  if (owned && o.has_rent) {
    const double saved = rent / 12 - (c.electricity + c.colocation) / 12;
    if (saved > 0) c.break_even_months = c.capex / saved;
  }
  return c;
}

}  // namespace orrery
