#include "sim/config/cost_scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "sim/config/document_reader.h"
#include "sim/config/name_lookup.h"
#include "sim/config/schema_validation.h"
#include "sim/util/data_home.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

using nlohmann::json;

std::filesystem::path folder() {
  return data_home() / "arch_configs" / "costs";
}

// Collects the variables of a scenario while it is read.
class VariableReader {
 public:
  VariableReader(const ConfigDocument& document, std::vector<CostVariable>& variables)
      : document_(document), variables_(variables) {}

  bool has(const std::string& pointer) const {
    return document_.root().contains(json::json_pointer(pointer));
  }

  VariableId number_at(const std::string& pointer, const std::string& name, double fallback) {
    return add(name, has(pointer) ? read_estimate(document_, pointer) : Estimate::exactly(fallback), false);
  }
  VariableId price_at(const std::string& pointer, const std::string& name) {
    return add(name, has(pointer) ? read_price(document_, pointer) : Estimate::exactly(0), has(pointer));
  }
  // A share or factor within bounds, wherever its range reaches.
  VariableId bounded_at(const std::string& pointer, const std::string& name, double fallback, double least,
                        double most) {
    const VariableId id = number_at(pointer, name, fallback);
    const Estimate& e = variables_[id].value;
    if (e.low < least || e.high > most) {
      throw ConfigError(document_.where(pointer),
                        fmt::format("'{}' reaches from {} to {}; it must lie in {} to {}", key_path(pointer),
                                    e.low, e.high, least, most));
    }
    return id;
  }

 private:
  const ConfigDocument& document_;
  std::vector<CostVariable>& variables_;

  VariableId add(const std::string& name, const Estimate& value, bool price) {
    variables_.push_back({name, value, price});
    return variables_.size() - 1;
  }
};

Acquisition parse_acquisition(const std::string& text) {
  return text == "rent" ? Acquisition::rent : text == "make" ? Acquisition::make : Acquisition::buy;
}

void read_finance(const json& root, VariableReader& read, CostScenario& s) {
  constexpr double kMany = 1e12;
  s.peak_tokens_per_s =
      read.bounded_at("/demand/output_tokens_per_s", "demand.output_tokens_per_s", 1000, 1e-9, kMany);
  s.years = read.bounded_at("/finance/years", "finance.years", 4, 0.1, 50);
  s.discount_rate = read.bounded_at("/finance/discount_rate", "finance.discount_rate", 0.08, 0, 1);
  s.residual_share = read.bounded_at("/finance/residual_share", "finance.residual_share", 0.1, 0, 1);
  s.electricity_per_kwh = read.price_at("/finance/electricity_per_kwh", "finance.electricity_per_kwh");
  s.pue = read.bounded_at("/finance/pue", "finance.pue", 1.3, 1, 5);
  s.colocation_per_kw_month =
      read.price_at("/finance/colocation_per_kw_month", "finance.colocation_per_kw_month");
  s.staff_per_year = read.price_at("/finance/staff_per_year", "finance.staff_per_year");
  s.network_share = read.bounded_at("/finance/network_share", "finance.network_share", 0.1, 0, 10);
  s.grid_gco2_per_kwh =
      read.bounded_at("/finance/grid_gco2_per_kwh", "finance.grid_gco2_per_kwh", 400, 0, 2000);
  s.embodied_kgco2_per_cm2 =
      read.bounded_at("/finance/embodied_kgco2_per_cm2", "finance.embodied_kgco2_per_cm2", 1.5, 0, 100);
  s.embodied_kgco2_per_gb =
      read.bounded_at("/finance/embodied_kgco2_per_gb", "finance.embodied_kgco2_per_gb", 0.3, 0, 100);
  // Beyond the profile of a day: weekends, growth into the fleet.
  s.utilisation = read.bounded_at("/demand/utilisation", "demand.utilisation", 1, 1e-6, 1);
  if (root.at("demand").contains("daily_profile"))
    s.daily_profile = root["demand"]["daily_profile"].get<std::vector<double>>();
}

CostOption read_option(const json& o, const std::string& at, const ConfigDocument& document,
                       VariableReader& read) {
  CostOption option;
  option.name = o.at("name").get<std::string>();
  const std::string name = option.name + ".";
  option.arch = o.at("arch").get<std::string>();
  try {
    find_arch(option.arch);
  } catch (const ConfigError& error) {
    throw ConfigError(document.where(at + "/arch"), error.what());
  }
  option.dtype = o.value("dtype", "");
  option.runtime = o.value("runtime", "ideal");
  option.node = o.value("node", "");
  option.devices = integer(o, "devices", 1);
  option.power_cap_w = number(o, "power_cap_w");
  option.process_nm = number(o, "process_nm");
  option.process_where = document.where(at + (o.contains("process_nm") ? "/process_nm" : "/arch"));
  if (o.contains("batch")) option.batch = o["batch"].get<std::uint64_t>();
  option.acquisition = parse_acquisition(o.value("acquire", "buy"));
  option.chips_per_server = integer(o, "chips_per_server", 8);
  option.host_idle_share = number(o, "host_idle_share", 0.5);
  option.elastic = o.value("elastic", false);
  option.spare_share = number(o, "spare_share");
  option.dies = integer(o, "dies", 1);
  option.process_age_quarters = number(o, "process_age_quarters", -1);
  option.has_rent = o.contains("rent_per_hour");
  option.chip_price = read.price_at(at + "/chip_price", name + "chip_price");
  option.rent_per_hour = read.price_at(at + "/rent_per_hour", name + "rent_per_hour");
  option.server_price = read.price_at(at + "/server_price", name + "server_price");
  option.licence_per_year = read.price_at(at + "/licence_per_year", name + "licence_per_year");
  option.engineering_price = read.price_at(at + "/engineering_price", name + "engineering_price");
  option.ip_price = read.price_at(at + "/ip_price", name + "ip_price");
  option.host_w = read.bounded_at(at + "/host_w", name + "host_w", 0, 0, 1e6);
  option.margin = read.bounded_at(at + "/margin", name + "margin", 0, 0, 100);
  option.volume = read.bounded_at(at + "/volume", name + "volume", 0, 0, 1e9);
  const auto needs = [&](const char* key, const char* why) {
    if (!o.contains(key))
      throw ConfigError(document.where(at),
                        fmt::format("option '{}' {} and needs '{}'", option.name, why, key));
  };
  if (option.acquisition == Acquisition::buy) needs("chip_price", "is bought");
  if (option.acquisition == Acquisition::rent) needs("rent_per_hour", "is rented");
  return option;
}

}  // namespace

double CostScenario::mean_of_profile() const {
  if (daily_profile.empty()) return 1;
  return std::accumulate(daily_profile.begin(), daily_profile.end(), 0.0) /
         static_cast<double>(daily_profile.size());
}

std::vector<std::string> cost_scenario_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    const ConfigDocument document = ConfigDocument::load(entry.path());
    if (document.root().contains("options")) names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

ConfigDocument load_cost_document(const std::string& name) {
  std::filesystem::path path = folder() / (name + ".yaml");
  if (std::filesystem::is_regular_file(name)) path = name;
  if (!std::filesystem::exists(path))
    throw ConfigError("", "no cost scenario '" + name + "'" + did_you_mean(name, cost_scenario_names()));
  ConfigDocument document = ConfigDocument::load(path);
  validate_as(document, "orrery/cost/1");
  if (const auto unused = document.unused_sources(); !unused.empty()) throw ConfigError(unused);
  return document;
}

CostScenario build_cost_scenario(const ConfigDocument& document) {
  const json& r = document.root();
  CostScenario s;
  s.file = document.path().string();
  s.title = r.value("title", document.path().stem().string());
  s.question = r.value("question", "");
  s.model = r.at("model").get<std::string>();
  try {
    find_model_file(s.model);
  } catch (const ConfigError& error) {
    throw ConfigError(document.where("/model"), error.what());
  }
  const json& workload = r.at("workload");
  s.input = workload.at("input").get<std::uint64_t>();
  s.output = workload.at("output").get<std::uint64_t>();
  s.batch_max = workload.value("batch_max", s.batch_max);
  s.ttft_max_s = number(workload, "ttft_max_s");
  s.tpot_max_s = number(workload, "tpot_max_s");
  s.user_rates = workload.value("user_rates", std::vector<double>{});
  VariableReader read(document, s.variables);
  read_finance(r, read, s);
  for (std::size_t i = 0; i < r.at("options").size(); ++i)
    s.options.push_back(read_option(r["options"][i], "/options/" + std::to_string(i), document, read));
  return s;
}

CostScenario load_cost_scenario(const std::string& name) {
  return build_cost_scenario(load_cost_document(name));
}

}  // namespace orrery
