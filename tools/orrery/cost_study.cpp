#include "tools/orrery/cost_study.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/estimate/ownership_json.h"
#include "sim/estimate/uncertainty.h"

namespace orrery {
namespace {

using json = nlohmann::ordered_json;

constexpr double kRackKw = 40;
constexpr int kStaleMonths = 12;
constexpr std::size_t kBars = 6;

json path_of(const CostScenario& s, const CostOption& option, const ServedOption& served,
             const OwnershipCost& cost, const std::vector<double>& draw) {
  json path = json::array();
  const double server_kw =
      (served.power_w / option.devices * option.chips_per_server + draw[option.host_w]) * 1e-3;
  const double per_rack = std::max(1.0, std::floor(kRackKw / server_kw)) * option.chips_per_server;
  const std::pair<const char*, double> stages[] = {{"one replica", option.devices},
                                                   {"one server", option.chips_per_server},
                                                   {"one rack of 40 kW", per_rack}};
  for (const auto& [name, chips] : stages) {
    const double servers = std::ceil(chips / option.chips_per_server);
    const double replicas = std::floor(chips / option.devices);
    path.push_back({{"stage", name},
                    {"chips", static_cast<std::uint64_t>(chips)},
                    {"output_tokens_per_s", replicas * served.output_tokens_per_s},
                    {"kw", (served.power_w * chips / option.devices + draw[option.host_w] * servers) * 1e-3},
                    {"usd", (chips * cost.chip_price + servers * draw[option.server_price]) *
                                (1 + draw[s.network_share])}});
  }
  return path;
}

json option_json(const CostScenario& s, const CostOption& option, const ServedOption& served, const json& run,
                 const std::vector<double>& draw, const Spread& spread, const std::vector<TornadoBar>& bars) {
  const OwnershipCost c = own(s, option, served, draw);
  json o = {{"name", option.name},
            {"arch", option.arch},
            {"devices", option.devices},
            {"meets_target", run["meets_target"]},
            {"served",
             {{"batch", served.batch},
              {"ttft_s", served.ttft_s},
              {"tpot_s", served.tpot_s},
              {"output_tokens_per_s", served.output_tokens_per_s},
              {"power_w", served.power_w}}},
            {"die_mm2", option.die_mm2},
            {"monte_carlo", {{"p10", spread.p10}, {"p50", spread.p50}, {"p90", spread.p90}}}};
  o.update(ownership_json(c, option.acquisition));
  if (option.acquisition == Acquisition::make) o["yield"] = made_chip(option, draw).yield;
  o["tornado"] = json::array();
  for (std::size_t i = 0; i < std::min(kBars, bars.size()); ++i)
    o["tornado"].push_back(
        {{"variable", bars[i].variable}, {"at_low", bars[i].at_low}, {"at_high", bars[i].at_high}});
  o["path"] = path_of(s, option, served, c, draw);
  o["expected_error"] = run["expected_error"];
  o["run"] = run;
  o["run"].erase("run_info");
  o["run"].erase("meets_target");
  o["run"].erase("at_user_rates");
  return o;
}

json crossovers(const CostScenario& s, const Evaluate& evaluate) {
  json found = json::array();
  using Axis = std::tuple<VariableId, double, double>;
  for (std::size_t a = 0; a < s.options.size(); ++a) {
    for (std::size_t b = a + 1; b < s.options.size(); ++b) {
      std::vector<Axis> axes = {
          {s.peak_tokens_per_s, 10, 1e8}, {s.utilisation, 0.01, 1}, {s.electricity_per_kwh, 0.01, 1}};
      // How many of a made chip must share its design.
      for (const std::size_t made : {a, b}) {
        if (s.options[made].acquisition == Acquisition::make)
          axes.push_back({s.options[made].volume, 100, 1e8});
      }
      for (const auto& [variable, from, to] : axes) {
        const auto at = crossover(s.variables, variable, from, to, a, b, evaluate);
        found.push_back({{"a", s.options[a].name},
                         {"b", s.options[b].name},
                         {"variable", s.variables[variable].name},
                         {"from", from},
                         {"to", to},
                         {"at", at ? json(*at) : json(nullptr)}});
      }
    }
  }
  return found;
}

json stale_prices(const CostScenario& s, const std::string& as_of) {
  json stale = json::array();
  for (const CostVariable& v : s.variables) {
    if (v.is_price && months_between(v.value.date, as_of) > kStaleMonths)
      stale.push_back({{"price", v.name}, {"date", v.value.date}, {"source", v.value.source}});
  }
  return stale;
}

// The options again at each rate a user asks for: another batch each, so another simulation each.
json at_user_rates(const CostScenario& s, const std::vector<ArchSpec>& archs, const std::vector<json>& runs,
                   const std::vector<double>& typical) {
  json rows = json::array();
  for (std::size_t r = 0; r < s.user_rates.size(); ++r) {
    json row = {{"tokens_per_s_a_user", s.user_rates[r]}, {"cheapest", nullptr}, {"options", json::array()}};
    double least = 0;
    for (std::size_t i = 0; i < s.options.size(); ++i) {
      const json& run = runs[i]["at_user_rates"][r];
      json cell = {{"name", s.options[i].name}, {"batch", run["batch"]}, {"usd_per_m_tokens", nullptr}};
      if (run["meets_target"].get<bool>()) {
        const double usd =
            own(s, s.options[i], served_by(run, s.options[i], archs[i]), typical).usd_per_m_all;
        cell["usd_per_m_tokens"] = usd;
        if (row["cheapest"].is_null() || usd < least) {
          least = usd;
          row["cheapest"] = s.options[i].name;
        }
      }
      row["options"].push_back(cell);
    }
    rows.push_back(row);
  }
  return rows;
}

}  // namespace

json cost_study(CostScenario s, const std::vector<ArchSpec>& archs, const Technology& technology,
                const std::vector<std::string>& runs, std::uint64_t draws, std::uint64_t seed,
                const std::string& as_of) {
  std::vector<ServedOption> served;
  std::vector<json> parsed;
  for (std::size_t i = 0; i < s.options.size(); ++i) {
    add_technology(s, s.options[i], archs[i], technology);
    parsed.push_back(json::parse(runs[i]));
    served.push_back(served_by(parsed[i], s.options[i], archs[i]));
    add_error(s, s.options[i], served[i]);
  }
  if (std::none_of(parsed.begin(), parsed.end(),
                   [](const json& run) { return run["meets_target"].get<bool>(); })) {
    std::string reached;
    for (std::size_t i = 0; i < parsed.size(); ++i)
      reached += fmt::format("{}{} {:.3g} s and {:.3g} s", i == 0 ? "" : ", ", s.options[i].name,
                             served[i].ttft_s, served[i].tpot_s);
    throw ConfigError(s.file,
                      fmt::format("no option keeps a time to first token of {:.3g} s and {:.3g} s a token "
                                  "(0 = any): {}",
                                  s.ttft_max_s, s.tpot_max_s, reached));
  }
  const Evaluate evaluate = [&](const std::vector<double>& draw) {
    std::vector<double> figures;
    for (std::size_t i = 0; i < s.options.size(); ++i)
      figures.push_back(own(s, s.options[i], served[i], draw).usd_per_m_all);
    return figures;
  };
  const std::vector<double> typical = typical_draw(s.variables);
  const MonteCarlo drawn = monte_carlo(s.variables, evaluate, draws, seed);
  json out = {{"schema", "orrery/result/1"},
              {"kind", "cost"},
              {"title", s.title},
              {"question", s.question},
              {"model", s.model},
              {"input", s.input},
              {"output", s.output},
              {"peak_tokens_per_s", typical[s.peak_tokens_per_s]},
              {"mean_load", std::min(1.0, s.mean_of_profile() * typical[s.utilisation])},
              {"draws", draws},
              {"seed", seed}};
  out["options"] = json::array();
  for (std::size_t i = 0; i < s.options.size(); ++i) {
    out["options"].push_back(option_json(s, s.options[i], served[i], parsed[i], typical, drawn.spread[i],
                                         tornado(s.variables, evaluate, i)));
  }
  out["beats"] = json::array();
  for (std::size_t a = 0; a < s.options.size(); ++a) {
    for (std::size_t b = a + 1; b < s.options.size(); ++b)
      out["beats"].push_back(
          {{"a", s.options[a].name}, {"b", s.options[b].name}, {"share", drawn.beats[a][b]}});
  }
  out["crossovers"] = crossovers(s, evaluate);
  out["user_rates"] = at_user_rates(s, archs, parsed, typical);
  out["as_of"] = as_of.empty() ? json(nullptr) : json(as_of);
  out["stale_prices"] = as_of.empty() ? json::array() : stale_prices(s, as_of);
  return out;
}

}  // namespace orrery
