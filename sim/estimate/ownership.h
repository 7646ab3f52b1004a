#pragma once
// What it costs to own or rent what serves a demand: chips, servers and network by capital recovery,
// electricity by utilisation and PUE, floor, staff, licences, carbon. A function of the scenario, of what was
// simulated, and of one draw of the uncertain numbers; nothing is simulated again.

#include <string>
#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/config/cost_scenario.h"
#include "sim/config/technology.h"

namespace orrery {

// One option as the simulation found it, of one replica of the model.
struct ServedOption {
  std::uint64_t batch = 0;
  double ttft_s = 0, tpot_s = 0;
  double output_tokens_per_s = 0;
  double prefill_share = 0;               // of the time, spent on input tokens
  double power_w = 0;                     // of its boards under load
  double idle_w = 0;                      // of its boards without
  double silicon_cm2 = 0, memory_gb = 0;  // a chip
  double expected_p90 = 0;                // of the latency, as a share; 0 = not known
  bool error_known = false;
};

// USD a year, but where the name says otherwise.
struct OwnershipCost {
  double chips = 0, servers = 0;  // how many
  double chip_price = 0;          // USD each
  double nre = 0;                 // USD, once
  double engineering = 0;         // USD, once: bringing the model onto the machine
  double capex = 0;               // USD, once, the two included
  double capital = 0, rent = 0, electricity = 0, colocation = 0, staff = 0, licences = 0;
  double total() const { return capital + rent + electricity + colocation + staff + licences; }
  double usd_per_m_output = 0, usd_per_m_input = 0;  // of million tokens; input and output share by time
  double usd_per_m_all = 0;                          // the whole cost over the output tokens
  double joule_per_token = 0;                        // at the wall, an output token, idle hours included
  double gco2_per_m_output = 0;
  double break_even_months = -1;  // buying or making against renting the same; -1 = never, or no rent known
};

// Adds the variables of a made chip from the technology table, and the die's area. Throws ConfigError: no
// such node.
void add_technology(CostScenario& scenario, CostOption& option, const ArchSpec& arch,
                    const Technology& technology);
// Adds the simulation's own error as a factor on the throughput.
void add_error(CostScenario& scenario, CostOption& option, const ServedOption& served);

// Price of one made chip and what is spent before it, at a draw. USD.
struct MadeChip {
  double unit = 0, nre = 0, yield = 0;
};
MadeChip made_chip(const CostOption& option, const std::vector<double>& draw);

OwnershipCost own(const CostScenario& scenario, const CostOption& option, const ServedOption& served,
                  const std::vector<double>& draw);

}  // namespace orrery
