#include "sim/study/cost_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/study/configuration_key.h"

namespace orrery {
namespace {

using nlohmann::json;

constexpr double kRackKw = 40;
constexpr int kStaleMonths = 12;
constexpr std::size_t kBars = 6;
constexpr int kMonthsAYear = 12;

std::vector<PathStage> path_of(const CostOption& option, const ServedOption& served,
                               const OwnershipCost& cost, const FleetTerms<double>& fleet,
                               const OptionTerms<double>& terms) {
  std::vector<PathStage> path;
  const bool owned = option.acquisition != Acquisition::rent;
  // A rack is filled by what its servers may draw at most.
  const double server_kw =
      (served.nameplate_w / option.devices * option.chips_per_server + terms.host_w) * 1e-3;
  const double per_rack = servers_of_a_rack(kRackKw, server_kw) * option.chips_per_server;
  const std::pair<const char*, double> stages[] = {{"one replica", option.devices},
                                                   {"one server", option.chips_per_server},
                                                   {"one rack of 40 kW", per_rack}};
  for (const auto& [name, chips] : stages) {
    const double servers = std::ceil(chips / option.chips_per_server);
    const double replicas = std::floor(chips / option.devices);
    path.push_back({name, static_cast<std::uint64_t>(chips), replicas * served.output_tokens_per_s,
                    (served.power_w * chips / option.devices + terms.host_w * servers) * 1e-3,
                    owned ? (chips * cost.chip_price.value_or(0) + servers * terms.server_price) *
                                (1 + fleet.network_share)
                          : 0});
  }
  return path;
}

// The scenario with all that is known of its options, and the numbers of it that are uncertain.
class Costs {
 public:
  // `runs`: of one replica of each option.
  Costs(CostScenario scenario, std::vector<const Posed*> posed, const std::vector<const ServingResult*>& runs)
      : scenario_(std::move(scenario)), posed_(std::move(posed)) {
    for (std::size_t i = 0; i < scenario_.options.size(); ++i) {
      CostOption& option = scenario_.options[i];
      makes_.push_back(make_of(option, posed_[i]->arch, posed_[i]->technology));
      served_.push_back(served_as(i, *runs[i]));
      option.terms.throughput_factor = error_factor(served_[i]);
    }
    variables_ = cost_variables(scenario_);
    typical_ = at(typical_draw(variables_));
  }

  const CostScenario& scenario() const { return scenario_; }
  const std::vector<CostVariable>& variables() const { return variables_; }
  const ServedOption& served(std::size_t option) const { return served_[option]; }
  const DrawnCosts& typical() const { return typical_; }

  OwnershipCost owned(std::size_t i, const ServedOption& served, const DrawnCosts& drawn) const {
    return own(scenario_, scenario_.options[i], served, drawn.fleet, drawn.options[i]);
  }
  OwnedFleet typical_fleet(std::size_t i) const {
    OwnedFleet fleet;
    static_cast<OwnershipCost&>(fleet) = owned(i, served_[i], typical_);
    fleet.acquisition = scenario_.options[i].acquisition;
    return fleet;
  }
  // As another run of the same option says.
  ServedOption served_as(std::size_t i, const ServingResult& run) const {
    return served_by(run, scenario_.options[i], makes_[i], posed_[i]->arch);
  }
  // USD a million output tokens of each option.
  std::vector<double> usd(const std::vector<double>& draw) const {
    const DrawnCosts drawn = at(draw);
    std::vector<double> figures;
    for (std::size_t i = 0; i < served_.size(); ++i)
      figures.push_back(owned(i, served_[i], drawn).usd_per_m_all);
    return figures;
  }

 private:
  CostScenario scenario_;
  std::vector<const Posed*> posed_;
  std::vector<ChipMake> makes_;
  std::vector<ServedOption> served_;
  std::vector<CostVariable> variables_;
  DrawnCosts typical_;

  DrawnCosts at(const std::vector<double>& draw) const {
    return drawn_costs(variables_, draw, scenario_.options.size());
  }
};

OptionStudy option_study(const Costs& costs, std::size_t i, const SimulatedOption& simulated,
                         const Spread& drawn, std::vector<TornadoBar> bars) {
  const CostOption& option = costs.scenario().options[i];
  const OptionTerms<double>& terms = costs.typical().options[i];
  OptionStudy o;
  o.name = option.name;
  o.arch = option.arch;
  o.devices = option.devices;
  o.meets_target = simulated.meets_target;
  o.served = costs.served(i);
  o.fleet = costs.typical_fleet(i);
  o.drawn = drawn;
  if (option.acquisition == Acquisition::make) o.yield = made_chip(o.served.make, terms).yield;
  bars.resize(std::min(kBars, bars.size()));
  o.tornado = std::move(bars);
  o.path = path_of(option, o.served, o.fleet, costs.typical().fleet, terms);
  o.runtime = simulated.served.runtime;
  o.weights = simulated.served.weights;
  o.kv = simulated.served.kv;
  o.binding = simulated.served.binding;
  o.expected = simulated.served.expected;
  o.serving = simulated.served;
  return o;
}

std::vector<Crossover> crossovers(const Costs& costs, const Evaluate& evaluate) {
  using F = FleetTerms<UncertainNumber>;
  using O = OptionTerms<UncertainNumber>;
  struct Axis {
    std::size_t variable;
    double from, to;
  };
  const std::vector<CostVariable>& variables = costs.variables();
  const std::vector<CostOption>& options = costs.scenario().options;
  std::vector<Crossover> found;
  for (std::size_t a = 0; a < options.size(); ++a) {
    for (std::size_t b = a + 1; b < options.size(); ++b) {
      std::vector<Axis> axes = {{variable_of(variables, &F::peak_tokens_per_s), 10, 1e8},
                                {variable_of(variables, &F::utilisation), 0.01, 1},
                                {variable_of(variables, &F::electricity_per_kwh), 0.01, 1}};
      // How many of a made chip must share its design.
      for (const std::size_t made : {a, b}) {
        if (options[made].acquisition == Acquisition::make)
          axes.push_back({variable_of(variables, made, &O::volume), 100, 1e8});
      }
      for (const auto& [variable, from, to] : axes) {
        found.push_back({options[a].name, options[b].name, variables[variable].name, from, to,
                         crossover(variables, variable, from, to, a, b, evaluate)});
      }
    }
  }
  return found;
}

std::vector<StalePrice> stale_prices(const std::vector<CostVariable>& variables, const std::string& as_of) {
  std::vector<StalePrice> stale;
  for (const CostVariable& v : variables) {
    const bool dated = v.is_price && !v.value.date.empty();
    if (dated && months_between(v.value.date, as_of) > kStaleMonths)
      stale.push_back({v.name, v.value.date, v.value.source});
  }
  return stale;
}

// The options again at each rate a user asks for: another batch each.
std::vector<RateStudy> at_user_rates(const Costs& costs, const std::vector<OptionRuns>& runs) {
  const CostScenario& s = costs.scenario();
  std::vector<RateStudy> rates;
  for (std::size_t r = 0; r < s.user_rates.size(); ++r) {
    RateStudy rate;
    rate.tokens_per_s_a_user = s.user_rates[r];
    double least = 0;
    for (std::size_t i = 0; i < s.options.size(); ++i) {
      const SimulatedOption& simulated = runs[i].at_rates[r];
      RateOption option{s.options[i].name, std::nullopt, std::nullopt};
      if (simulated.meets_target) {
        const ServedOption served = costs.served_as(i, simulated.served);
        option.sequences = served.sequences;
        const double usd = costs.owned(i, served, costs.typical()).usd_per_m_all;
        option.usd_per_m_tokens = usd;
        if (!rate.cheapest || usd < least) {
          least = usd;
          rate.cheapest = option.name;
        }
      }
      rate.options.push_back(option);
    }
    rates.push_back(rate);
  }
  return rates;
}

void refuse_if_all_miss(const CostScenario& s, const std::vector<OptionRuns>& runs) {
  if (std::any_of(runs.begin(), runs.end(), [](const OptionRuns& r) { return r.at_target.meets_target; }))
    return;
  std::string reached;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const SimulatedOption& o = runs[i].at_target;
    reached += fmt::format("{}{} {:.3g} s, {:.3g} s and {:.3g} s (steps by {})", i == 0 ? "" : "; ",
                           s.options[i].name, o.least_ttft_s, o.least_tpot_s, o.least_e2e_s,
                           to_string(o.served.time.largest()));
  }
  throw ConfigError(
      s.file,
      fmt::format("no option keeps a time to first token of {:.3g} s, {:.3g} s a token and {:.3g} s to "
                  "the last one (0 = any) for {:.0f} % of its requests. Even where hardly any come, nine "
                  "of ten take up to: {}",
                  s.ttft_max_s, s.tpot_max_s, s.e2e_max_s, 100 * s.good_share, reached));
}

// Months after which what is owned has cost less than what is rented.
std::vector<BreakEven> break_evens(const Costs& costs, const std::vector<OptionRuns>& runs) {
  const std::vector<CostOption>& options = costs.scenario().options;
  std::vector<BreakEven> all;
  for (std::size_t i = 0; i < options.size(); ++i) {
    for (std::size_t k = 0; k < options.size(); ++k) {
      if (!runs[i].at_target.meets_target || !runs[k].at_target.meets_target) continue;
      if (options[i].acquisition == Acquisition::rent || options[k].acquisition != Acquisition::rent)
        continue;
      const OwnedFleet own = costs.typical_fleet(i);
      const OwnedFleet rented = costs.typical_fleet(k);
      const double saved = (rented.running() - own.running()) / kMonthsAYear;
      BreakEven b{options[i].name, options[k].name, std::nullopt};
      if (saved > 0) b.months = std::max(0.0, (own.capex - rented.capex) / saved);
      all.push_back(b);
    }
  }
  return all;
}

bool keeps_target(const ServingResult& served) {
  return double{served.highest_rate_per_s.value_or(0)} > 0;
}

// KEY=VALUE in the scenario's own document, too: what it says of a number (its currency, its date) stays.
// `only`: of one option.
void put_in(ConfigDocument& document, const json& configuration, const Patch& patch,
            std::optional<std::size_t> only) {
  const std::string part = "/cost";
  const std::string option = "/options/0";
  std::string at = resolve_key(configuration, patch.key, patch.value);
  if (at.compare(0, part.size() + 1, part + "/") != 0) return;
  at.erase(0, part.size());
  if (at.compare(0, option.size(), option) != 0) return document.set(at, patch.value);
  const std::size_t options = document.root().at("options").size();
  for (std::size_t i = 0; i < options; ++i) {
    if (!only || *only == i)
      document.set("/options/" + std::to_string(i) + at.substr(option.size()), patch.value);
  }
}

// The option that a key names ("cost.GPU rented.rent_per_hour"); none: all of them are meant.
std::optional<std::size_t> named_option(const std::vector<json>& configurations, const std::string& key) {
  for (std::size_t i = 0; i < configurations.size(); ++i) {
    const std::string name = configurations[i]["cost"]["name"].get<std::string>();
    if (key.find("." + name + ".") != std::string::npos) return i;
  }
  return std::nullopt;
}

}  // namespace

template <>
const Table& table_of<SimulatedOption>() {
  static const Table table = [] {
    Fields<SimulatedOption> f("an option, simulated");
    f.results();
    f.key("served", &SimulatedOption::served, "",
          "by one replica, at the highest rate that keeps the target");
    f.key("meets_target", &SimulatedOption::meets_target, "", "whether it keeps the latency target");
    f.key("least_ttft_s", &SimulatedOption::least_ttft_s, "s", "where hardly any requests come");
    f.key("least_tpot_s", &SimulatedOption::least_tpot_s, "s", "where hardly any requests come");
    f.key("least_e2e_s", &SimulatedOption::least_e2e_s, "s", "where hardly any requests come");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<OptionRuns>() {
  static const Table table = [] {
    Fields<OptionRuns> f("an option at the target and at users' rates");
    f.results();
    f.key("at_target", &OptionRuns::at_target, "", "the scenario's");
    f.key("at_rates", &OptionRuns::at_rates, "", "each of the users' rates");
    return Table(f);
  }();
  return table;
}

CostQuestion posed_cost(const std::string& name, const std::vector<Patch>& patches) {
  ConfigDocument document = load_cost_document(name);
  std::vector<json> configurations = cost_configurations(document, json::object(), load_base_tables());
  for (const Patch& patch : patches) {
    const std::optional<std::size_t> only = named_option(configurations, patch.key);
    put_in(document, configurations[only.value_or(0)], patch, only);
    if (!only) {
      apply_patches(configurations, {patch});
      continue;
    }
    std::vector<json> one = {configurations[*only]};
    apply_patches(one, {patch});
    configurations[*only] = one.front();
  }
  CostQuestion question;
  question.scenario = build_cost_scenario(document);
  const PriceBook listed = load_prices();
  for (std::size_t i = 0; i < configurations.size(); ++i) {
    CostOption& option = question.scenario.options[i];
    Posed& posed_option = question.options.emplace_back(
        located(option.process_where, [&] { return posed(configurations[i]); }));
    question.runs.push_back(simulated_digest(configurations[i]));
    take_listed_prices(option, posed_option.prices, listed);
    // What is run is asked for like everything else.
    question.scenario.input = posed_option.scenario.input;
    question.scenario.output = posed_option.scenario.output;
    question.scenario.options[i].devices = posed_option.scenario.split.devices();
    if (option.acquisition == Acquisition::make)
      posed_option.technology.process(posed_option.arch.process_nm, option.process_where);
  }
  return question;
}

SimulatedOption served_or_without(const Posed& q, OperatorRunner& runner, const Progress& progress) {
  SimulatedOption at;
  at.served = served(q, *q.serving, runner, progress);
  at.meets_target = keeps_target(at.served);
  if (at.meets_target) return at;
  at.least_ttft_s = at.served.ttft.p90.value_or(0);
  at.least_tpot_s = at.served.tpot.p90.value_or(0);
  at.least_e2e_s = at.served.e2e.p90.value_or(0);
  ServeRequest without = *q.serving;
  without.targets = {};
  at.served = served(q, without, runner, progress);
  return at;
}

namespace {

OptionRuns simulated_runs(const CostScenario& s, const Posed& q, Session& session, const Progress& progress) {
  const auto runner = session.runner(q.arch, q.timing_digest);
  OptionRuns runs{served_or_without(q, *runner, progress), {}};
  for (const double rate : s.user_rates) {
    ServeRequest request = *q.serving;
    request.targets.tpot_s = 1 / rate;
    SimulatedOption& at = runs.at_rates.emplace_back();
    at.served = served(q, request, *runner, progress);
    at.meets_target = keeps_target(at.served);
  }
  session.commit();
  return runs;
}

// As it was kept before; none where nothing was, or what was is damaged.
std::optional<OptionRuns> kept_runs(Session& session, const std::string& asked) {
  const std::optional<std::string> kept = session.answer(asked);
  if (!kept) return std::nullopt;
  try {
    return read_as<OptionRuns>(json::parse(*kept));
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace

OptionRuns simulate_option(const CostQuestion& question, std::size_t option, Session& session,
                           const Progress& progress) {
  const CostScenario& s = question.scenario;
  const Posed& q = question.options[option];
  const std::string asked = fmt::format("cost {} {}", question.runs[option], fmt::join(s.user_rates, " "));
  std::optional<OptionRuns> kept = kept_runs(session, asked);
  OptionRuns runs = kept ? std::move(*kept) : simulated_runs(s, q, session, progress);
  if (!kept) session.keep_answer(asked, written(runs).dump());
  complete(runs.at_target.served, q, session.accuracy());
  for (SimulatedOption& at : runs.at_rates) complete(at.served, q, session.accuracy());
  return runs;
}

PointFleet fleet_of(CostScenario scenario, const Posed& question, const SimulatedOption& simulated) {
  scenario.input = question.scenario.input;
  scenario.output = question.scenario.output;
  CostOption& option = scenario.options.front();
  option.devices = question.scenario.split.devices();
  take_listed_prices(option, question.prices, question.prices);
  PointFleet fleet;
  static_cast<OwnedFleet&>(fleet) =
      Costs(std::move(scenario), {&question}, {&simulated.served}).typical_fleet(0);
  fleet.keeps_target = simulated.meets_target ? 1 : 0;
  return fleet;
}

CostStudy cost_study(const CostQuestion& question, const std::vector<OptionRuns>& runs) {
  std::vector<const Posed*> options;
  std::vector<const ServingResult*> at_target;
  for (const Posed& option : question.options) options.push_back(&option);
  for (const OptionRuns& r : runs) at_target.push_back(&r.at_target.served);
  const Costs costs(question.scenario, options, at_target);
  const CostScenario& s = costs.scenario();
  refuse_if_all_miss(s, runs);
  const Evaluate evaluate = [&](const std::vector<double>& draw) { return costs.usd(draw); };
  const MonteCarlo drawn = monte_carlo(costs.variables(), evaluate, question.draws, question.seed);
  const FleetTerms<double>& typical = costs.typical().fleet;
  CostStudy study;
  study.title = s.title;
  study.question = s.question;
  study.model = s.model;
  study.input = s.input;
  study.output = s.output;
  study.peak_tokens_per_s = typical.peak_tokens_per_s;
  study.mean_load = std::min(1.0, s.mean_of_profile() * typical.utilisation);
  study.draws = question.draws;
  study.seed = question.seed;
  for (std::size_t i = 0; i < s.options.size(); ++i)
    study.options.push_back(
        option_study(costs, i, runs[i].at_target, drawn.spread[i], tornado(costs.variables(), evaluate, i)));
  for (std::size_t a = 0; a < s.options.size(); ++a) {
    for (std::size_t b = a + 1; b < s.options.size(); ++b)
      study.beats.push_back({s.options[a].name, s.options[b].name, drawn.beats[a][b]});
  }
  study.crossovers = crossovers(costs, evaluate);
  study.break_evens = break_evens(costs, runs);
  study.user_rates = at_user_rates(costs, runs);
  study.as_of = question.as_of;
  if (question.as_of) study.stale_prices = stale_prices(costs.variables(), *question.as_of);
  return study;
}

}  // namespace orrery
