#pragma once
// A question of what to buy: a workload, a demand, finance, and options (machines bought, rented or made).
// From arch_configs/costs or a path (schema orrery/cost/1).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/config/cost_terms.h"
#include "sim/config/open_document.h"
#include "sim/config/price_book.h"
#include "sim/util/enum_names.h"

namespace orrery {

enum class Acquisition : std::uint8_t { buy, rent, make };
template <>
struct EnumNames<Acquisition> {
  static constexpr std::array<const char*, 3> kWords = {"buy", "rent", "make"};
};

struct CostOption {
  std::string name, arch, dtype, runtime = "ideal", node;
  std::string weights, activations, kv;  // stored formats; "" = as dtype says
  std::string sparsity, attention;       // of weights, and what attention reads; "" = as the file says
  std::uint32_t devices = 1;             // a replica of the model
  // How they divide it; none: they share each layer.
  std::optional<std::uint32_t> tp, pp, ep, dp, cp, micro_batches;
  double process_nm = 0;               // node it is made in; 0 = the machine's
  std::string process_where;           // file:line that says so, or that names the machine
  double power_cap_w = 0;              // overrides the machine's; 0 = as it is
  std::string where;                   // file:line of the option
  std::optional<std::uint64_t> batch;  // sequences at once, at most; none: the workload's
  Acquisition acquisition = Acquisition::buy;
  std::uint32_t chips_per_server = 8;
  std::uint32_t spare_servers = 0;  // full of chips, beside those that serve
  double host_idle_share = 0.5;     // of the host's power, without load
  double spare_share = 0;           // of a made die
  std::uint32_t dies = 1;
  std::optional<double> process_age_quarters;  // of the node since its volume start; none: as the table's
  bool elastic = false;                        // rented by the hour, only while needed
  bool has_price = false, has_rent = false;
  bool says_server_price = false, says_host = false, says_chips_per_server = false;  // else as listed
  OptionTerms<UncertainNumber> terms;
};

// What holds of a fleet where a scenario leaves it out.
FleetTerms<UncertainNumber> usual_fleet();

struct CostScenario {
  std::string title, question, model, file;
  std::uint64_t input = 1024, output = 128;
  double ttft_max_s = 0, tpot_max_s = 0, e2e_max_s = 0;  // 0 = none
  double good_share = 0.9;                               // of the requests, that must keep them
  std::optional<std::uint64_t> batch_max;                // sequences at once; none: the runtime's
  std::vector<double> user_rates;     // tokens/s a user at which to compare the options again
  std::vector<double> daily_profile;  // share of the peak, hour by hour
  FleetTerms<UncertainNumber> terms = usual_fleet();
  std::vector<CostOption> options;

  double mean_of_profile() const;
};
template <>
const Table& table_of<CostOption>();
template <>
const Table& table_of<CostScenario>();

inline constexpr DocumentKind kCost = {"orrery/cost/1", "cost scenario", "costs", &table_of<CostScenario>};

// Throws ConfigError with file:line: schema, a price without currency or date, a PUE under 1, a utilisation
// over 1, a lifetime that is not positive, an unknown machine or model, a technology node that is not in the
// table, two options of one name.
ConfigDocument load_cost_document(const std::string& name);
CostScenario build_cost_scenario(const ConfigDocument& document);
CostScenario load_cost_scenario(const std::string& name);
std::vector<std::string> cost_scenario_names();

// What an option leaves out of prices and hosts is as the price list says of its machine (`listed`: as it
// stands there, with its ranges; `said`: with what was changed in it). Throws ConfigError: a machine that is
// bought or rented without a price anywhere.
void take_listed_prices(CostOption& option, const PriceBook& said, const PriceBook& listed);

}  // namespace orrery
