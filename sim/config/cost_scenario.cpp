#include "sim/config/cost_scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "sim/config/name_lookup.h"

namespace orrery {
namespace {

using nlohmann::json;

// An uncertain number whose whole range must lie between two bounds.
template <class T, class Term>
Fields<T>& add_bounded(Fields<T>& f, const char* key, Term term, double least, double most, const char* unit,
                       const char* sentence) {
  const auto read = [term, least, most](T& t, const json&, const Place& at) {
    const UncertainNumber e = read_uncertain_number(*at.document(), at.pointer());
    if (e.low < least || e.high > most) {
      throw ConfigError(at.document()->where(at.pointer()),
                        fmt::format("'{}' reaches from {} to {}; it must lie in {} to {}",
                                    key_path(at.pointer()), e.low, e.high, least, most));
    }
    t.terms.*term = e;
  };
  return f.other(key, Shape::of(ShapeKind::number), unit, sentence, read)
      .standing(fmt::format("{}", (T().terms.*term).typical).c_str());
}

// A price that is nothing where it is left out.
template <class T, class Term>
Fields<T>& add_term(Fields<T>& f, const char* key, Term term, const char* unit, const char* sentence) {
  return add_price(
             f, key, [term](T& t) -> UncertainNumber& { return t.terms.*term; }, unit, sentence)
      .standing("0");
}

using S = CostScenario;
using Fleet = FleetTerms<UncertainNumber>;

const Table& workload_table() {
  static const Table table = [] {
    Fields<S> f("what is asked of each option", Bears::price);
    f.key("input", &S::input, "tokens", "of a request").required().range(1, 134217728);
    f.key("output", &S::output, "tokens", "of a request").required().range(1, 134217728);
    f.key("ttft_max_s", &S::ttft_max_s, "s", "time to first token to keep; 0 = any").range(0, kAnyNumber);
    f.key("tpot_max_s", &S::tpot_max_s, "s", "time per output token to keep; 0 = any").range(0, kAnyNumber);
    f.key("e2e_max_s", &S::e2e_max_s, "s", "time to the last token to keep; 0 = any").range(0, kAnyNumber);
    f.key("good_share", &S::good_share, "share", "of the requests, that must keep them").range(0.01, 1);
    f.key("batch_max", &S::batch_max, "sequences", "at once, at most")
        .range(1, 16777216)
        .standing("the runtime's");
    f.key("user_rates", &S::user_rates, "tokens/s", "of a user, at which the options are compared again")
        .above(0, kAnyNumber);
    return Table(f);
  }();
  return table;
}

const Table& demand_table() {
  static const Table table = [] {
    Fields<S> f("what the fleet must serve", Bears::price);
    add_bounded(f, "output_tokens_per_s", &Fleet::peak_tokens_per_s, 1e-9, 1e12, "tokens/s", "at the peak")
        .required();
    add_bounded(f, "utilisation", &Fleet::utilisation, 1e-6, 1, "",
                "beyond the profile of a day: weekends, growth into the fleet");
    f.key("daily_profile", &S::daily_profile, "", "share of the peak, hour by hour").range(0, 1).items(1, 24);
    return Table(f);
  }();
  return table;
}

const Table& finance_table() {
  static const Table table = [] {
    Fields<S> f("money and carbon", Bears::price);
    add_bounded(f, "years", &Fleet::years, 0.1, 50, "years", "that the hardware is kept");
    add_bounded(f, "discount_rate", &Fleet::discount_rate, 0, 1, "per year", "of capital");
    add_bounded(f, "residual_share", &Fleet::residual_share, 0, 1, "",
                "of the hardware's price, what it is worth in the end");
    add_term(f, "electricity_per_kwh", &Fleet::electricity_per_kwh, "USD per kWh", "at the wall");
    add_bounded(f, "pue", &Fleet::pue, 1, 5, "", "power of the building over that of its machines");
    add_term(f, "colocation_per_kw_month", &Fleet::colocation_per_kw_month, "USD per kW and month",
             "floor, cooling, security");
    add_term(f, "staff_per_year", &Fleet::staff_per_year, "USD per year", "who runs it");
    add_bounded(f, "network_share", &Fleet::network_share, 0, 10, "",
                "of the hardware's price, on top, for switches and cables");
    add_bounded(f, "grid_gco2_per_kwh", &Fleet::grid_gco2_per_kwh, 0, 2000, "gCO2 per kWh", "of the grid");
    add_bounded(f, "embodied_kgco2_per_cm2", &Fleet::embodied_kgco2_per_cm2, 0, 100, "kgCO2 per cm2",
                "of silicon");
    add_bounded(f, "embodied_kgco2_per_gb", &Fleet::embodied_kgco2_per_gb, 0, 100, "kgCO2 per GB",
                "of memory");
    return Table(f);
  }();
  return table;
}

void check_option(const CostOption& option, const ConfigDocument& document, const std::string& at) {
  try {
    find_arch(option.arch);
  } catch (const ConfigError& error) {
    throw ConfigError(document.where(at + "/arch"), error.what());
  }
}

// The list's number with its range and date, at what was said in its place.
UncertainNumber scaled(const UncertainNumber& listed, const UncertainNumber& said) {
  UncertainNumber n = listed;
  const double by = n.typical > 0 ? said.typical / n.typical : 1;
  n.low *= by;
  n.high *= by;
  n.typical = said.typical;
  return n;
}

}  // namespace

FleetTerms<UncertainNumber> usual_fleet() {
  Fleet terms;
  terms.years = UncertainNumber::exactly(4);
  terms.discount_rate = UncertainNumber::exactly(0.08);
  terms.residual_share = UncertainNumber::exactly(0.1);
  terms.pue = UncertainNumber::exactly(1.3);
  terms.network_share = UncertainNumber::exactly(0.1);
  terms.grid_gco2_per_kwh = UncertainNumber::exactly(400);
  terms.embodied_kgco2_per_cm2 = UncertainNumber::exactly(1.5);
  terms.embodied_kgco2_per_gb = UncertainNumber::exactly(0.3);
  terms.utilisation = UncertainNumber::exactly(1);
  return terms;
}

template <>
const Table& table_of<CostOption>() {
  static const Table table = [] {
    using O = CostOption;
    using T = OptionTerms<UncertainNumber>;
    Fields<O> f("a machine that is bought, rented or made", Bears::price);
    f.key("name", &O::name, "", "what it goes by").required().characters(1, 200);
    f.key("arch", &O::arch, "", "machine").required();
    f.key("node", &O::node, "", "that it stands in").standing("the machine's own");
    f.key("devices", &O::devices, "", "of a replica of the model").range(1, 65536);
    const auto degree = [&f](const char* key, std::optional<std::uint32_t> O::*member, const char* words,
                             const char* usual) {
      f.key(key, member, "", words).range(1, 65536).standing(usual);
    };
    degree("tp", &O::tp, "tensor parallel: chips that share each layer", "all devices");
    degree("pp", &O::pp, "pipeline parallel: stages of layers", "1");
    degree("ep", &O::ep, "expert parallel: chips that share a mixture's experts", "1");
    degree("dp", &O::dp, "data parallel: replicas that share the batch", "1");
    degree("cp", &O::cp, "context parallel: chips that share a sequence", "1");
    degree("micro_batches", &O::micro_batches, "that a batch flows through a pipeline in",
           "as many as stages");
    f.key("dtype", &O::dtype, "", "format of weights and activations")
        .standing("the file's or the machine's");
    f.key("weights", &O::weights, "", "stored format (orrery list stored)").standing("as dtype says");
    f.key("activations", &O::activations, "", "as products read them").standing("as dtype says");
    f.key("kv", &O::kv, "", "of keys and values").standing("the file's, or 16 bits");
    f.key("sparsity", &O::sparsity, "", "weights that are kept: 2:4, 0.3, 32x64:0.3, circulant:16, dense")
        .standing("as the file says");
    f.key("attention", &O::attention, "",
          "positions that it reads: window:W and the like (orrery run --help)")
        .standing("as the file says");
    f.key("runtime", &O::runtime, "", "software stack");
    f.key("batch", &O::batch, "sequences", "at once, at most")
        .range(1, 16777216)
        .standing("the workload's batch_max");
    f.key("power_cap_w", &O::power_cap_w, "W", "in place of the machine's")
        .range(0, kAnyNumber)
        .standing("the machine's");
    f.key("acquire", &O::acquisition, "", "how one comes by it");
    add_price(
        f, "chip_price",
        [](O& o) -> UncertainNumber& {
          o.has_price = true;
          return o.terms.chip_price;
        },
        "USD", "a chip, bought")
        .standing("as listed for the machine (arch_configs/costs/prices.yaml)");
    add_price(
        f, "rent_per_hour",
        [](O& o) -> UncertainNumber& {
          o.has_rent = true;
          return o.terms.rent_per_hour;
        },
        "USD per hour", "a chip, rented")
        .standing("as listed");
    f.key("elastic", &O::elastic, "", "rented by the hour, only while needed");
    f.key("chips_per_server", &O::chips_per_server, "", "that share a host")
        .range(1, 65536)
        .standing("as listed, or 8");
    f.key("spare_servers", &O::spare_servers, "", "bought beside those that serve").range(0, 65536);
    add_term(f, "server_price", &T::server_price, "USD", "of a server without its chips")
        .standing("as listed");
    add_bounded(f, "host_w", &T::host_w, 0, 1e6, "W", "of a server beside its chips, under load")
        .standing("as listed");
    f.key("host_idle_share", &O::host_idle_share, "", "of the host's power, without load").range(0, 1);
    add_term(f, "licence_per_year", &T::licence_per_year, "USD per year", "of a chip's software");
    add_bounded(f, "margin", &T::margin, 0, 100, "", "of who makes it, over cost");
    add_bounded(f, "volume", &T::volume, 0, 1e9, "chips", "made of the design, over which it is spread");
    f.key("spare_share", &O::spare_share, "", "of a made die that may be bad").range(0, 1);
    f.key("dies", &O::dies, "", "chiplets of a made chip").range(1, 1024);
    f.key("process_nm", &O::process_nm, "nm", "node the chip is made in, where the machine file does not say")
        .above(0, 10000)
        .standing("the machine's");
    add_term(f, "engineering_price", &T::engineering_price, "USD",
             "once: bringing the model onto the machine");
    add_term(f, "ip_price", &T::ip_price, "USD",
             "once, of a made chip: bought designs (memory and link interfaces, processors) beyond what the "
             "table's design cost holds");
    f.key("process_age_quarters", &O::process_age_quarters, "quarters",
          "age of the node since its volume start; defects fall with it")
        .range(0, kAnyNumber)
        .standing("as the table's figures");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<CostScenario>() {
  static const Table table = [] {
    Fields<S> f("orrery/cost/1: a question of what to buy", Bears::price);
    f.document("orrery/cost/1");
    f.key("title", &S::title, "", "of the report").bears(Bears::none);
    f.key("question", &S::question, "", "that it answers, in words").bears(Bears::none);
    f.key("model", &S::model, "", "that is served").required();
    f.group("workload", &workload_table, "what is asked of each option").required();
    f.group("demand", &demand_table, "what the fleet must serve").required();
    f.group("finance", &finance_table, "money and carbon").required();
    f.key("options", &S::options, "", "machines that are bought, rented or made").required().items(1);
    return Table(f);
  }();
  return table;
}

double CostScenario::mean_of_profile() const {
  if (daily_profile.empty()) return 1;
  return std::accumulate(daily_profile.begin(), daily_profile.end(), 0.0) /
         static_cast<double>(daily_profile.size());
}

std::vector<std::string> cost_scenario_names() {
  std::vector<std::string> names = names_of(kCost);
  // What others only derive from asks nothing.
  const auto asks_nothing = [](const std::string& name) {
    return !ConfigDocument::load(catalogue_path(name, kCost)).root().contains("options");
  };
  names.erase(std::remove_if(names.begin(), names.end(), asks_nothing), names.end());
  return names;
}

void take_listed_prices(CostOption& option, const PriceBook& said, const PriceBook& listed) {
  const MachinePrice* price = said.of(option.arch);
  const MachinePrice* list = listed.of(option.arch);
  const auto take = [&](bool& has, UncertainNumber& into,
                        std::optional<UncertainNumber> MachinePrice::*which) {
    if (has || price == nullptr || !(price->*which)) return;
    const auto& with_range = list != nullptr && list->*which ? *(list->*which) : *(price->*which);
    into = scaled(with_range, *(price->*which));
    has = true;
  };
  take(option.has_price, option.terms.chip_price, &MachinePrice::chip_price);
  take(option.has_rent, option.terms.rent_per_hour, &MachinePrice::rent_per_hour);
  if (option.acquisition != Acquisition::make)
    take(option.says_server_price, option.terms.server_price, &MachinePrice::server_price);
  if (price != nullptr && !option.says_host && price->host_w && option.acquisition != Acquisition::make)
    option.terms.host_w = UncertainNumber::exactly(*price->host_w);
  if (price != nullptr && !option.says_chips_per_server) option.chips_per_server = price->chips_per_server;
  const auto needs = [&](bool has, const char* key, const char* why) {
    if (!has)
      throw ConfigError(option.where,
                        fmt::format("option '{}' {} and needs '{}': the price list has none of {}",
                                    option.name, why, key, option.arch));
  };
  if (option.acquisition == Acquisition::buy) needs(option.has_price, "chip_price", "is bought");
  if (option.acquisition == Acquisition::rent) needs(option.has_rent, "rent_per_hour", "is rented");
}

ConfigDocument load_cost_document(const std::string& name) {
  return open_document(name, kCost);
}

CostScenario build_cost_scenario(const ConfigDocument& document) {
  CostScenario s;
  table_of<CostScenario>().read(&s, document.root(), Place(&document));
  s.file = document.path().string();
  if (s.title.empty()) s.title = document.path().stem().string();
  try {
    find_model_file(s.model);
  } catch (const ConfigError& error) {
    throw ConfigError(document.where("/model"), error.what());
  }
  for (std::size_t i = 0; i < s.options.size(); ++i) {
    const std::string at = "/options/" + std::to_string(i);
    CostOption& option = s.options[i];
    check_option(option, document, at);
    option.where = document.where(at);
    option.process_where = document.where(at + (option.process_nm > 0 ? "/process_nm" : "/arch"));
    const json& keys = document.root()["options"][i];
    option.says_server_price = keys.contains("server_price");
    option.says_host = keys.contains("host_w");
    option.says_chips_per_server = keys.contains("chips_per_server");
    for (std::size_t k = 0; k < i; ++k) {
      if (s.options[k].name == option.name)
        throw ConfigError(document.where(at), fmt::format("two options are named '{}'", option.name));
    }
  }
  return s;
}

CostScenario load_cost_scenario(const std::string& name) {
  return build_cost_scenario(load_cost_document(name));
}

}  // namespace orrery
