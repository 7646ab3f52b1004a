#pragma once
// What it costs to own or rent what serves a demand: chips, servers and network by capital recovery,
// electricity by utilisation and PUE, floor, staff, licences, carbon. A function of the scenario, of what was
// simulated, and of one draw of the uncertain numbers; nothing is simulated again.

#include <optional>
#include <string>
#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/config/cost_scenario.h"
#include "sim/estimate/made_chip.h"
#include "sim/stats/serving_result.h"

namespace orrery {

// One option as the simulation found it, of one replica of the model.
struct ServedOption {
  double sequences = 0;                      // that decode at a time, mean
  double ttft_s = 0, tpot_s = 0, e2e_s = 0;  // nine of ten requests are no slower
  double requests_per_s = 0;                 // the most that keeps the targets
  double output_tokens_per_s = 0;            // at that
  double prefill_share = 0;                  // of the time, spent on input tokens
  double power_w = 0;                        // of its boards under load
  double idle_w = 0;                         // of its boards without
  double nameplate_w = 0;                    // of its boards at most
  double silicon_cm2 = 0, memory_gb = 0;     // a chip
  std::optional<double> expected_p90;        // of the latency, as a share
  ChipMake make;                             // of its chip
};

// USD a year, but where the name says otherwise.
struct OwnershipCost {
  double chips = 0, servers = 0;            // how many, spares apart; what is owned comes in whole servers
  double average_kw = 0, nameplate_kw = 0;  // of servers and chips; name plate with spares
  std::optional<double> chip_price;         // USD each; none of what is rented
  double nre = 0;                           // USD, once
  double engineering = 0;                   // USD, once: bringing the model onto the machine
  double capex = 0;                         // USD, once, the two included
  double capital = 0, rent = 0, electricity = 0, colocation = 0, staff = 0, licences = 0;
  double total() const { return capital + rent + electricity + colocation + staff + licences; }
  double usd_per_m_output = 0, usd_per_m_input = 0;  // of million tokens; input and output share by time
  double usd_per_m_all = 0;                          // the whole cost over the output tokens
  double running() const { return total() - capital; }
  double joule_per_token = 0;  // at the wall, an output token, idle hours included
  double gco2_per_m_output = 0;
  std::optional<double> break_even_months;  // buying or making against renting the same; none = never
};

// What serving at the highest rate (one replica on option.devices of `arch`) says of an option.
ServedOption served_by(const ServingResult& served, const CostOption& option, const ChipMake& make,
                       const ArchSpec& arch);

// Servers for so many replicas: one does not lie across two that have room for it alone.
double servers_for(double replicas, std::uint32_t devices, std::uint32_t chips_per_server);

// What a board draws at most: its cap, its name plate, or where neither is known what is said.
double board_nameplate_w(const ArchSpec& arch, double otherwise_w);
// That fit the power of one: at least one.
double servers_of_a_rack(double rack_kw, double server_kw);

// The simulation's own error as a factor on the throughput.
UncertainNumber error_factor(const ServedOption& served);

OwnershipCost own(const CostScenario& scenario, const CostOption& option, const ServedOption& served,
                  const FleetTerms<double>& fleet, const OptionTerms<double>& terms);

}  // namespace orrery
