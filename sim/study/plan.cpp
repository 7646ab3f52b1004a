#include "sim/study/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "sim/config/cost_scenario.h"
#include "sim/serve/steady_state.h"
#include "sim/study/capacity.h"
#include "sim/study/cost_study.h"
#include "sim/util/data_home.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

using nlohmann::json;

constexpr std::uint64_t kLengthsRead = 20000;  // of a trace, for its means
constexpr std::uint64_t kDraws = 2000;
constexpr int kMostRounds = 4;  // until users and their rate agree

// One way to deploy the model.
struct Way {
  std::uint32_t tensor = 1, expert = 1;
  std::string format;
  Posed question;
  SteadyState estimate;
};

class MachinePlan {
 public:
  MachinePlan(const PlanQuestion& question, const std::string& arch, Session& session,
              const Progress& progress)
      : q_(question), arch_(arch), session_(session), progress_(progress) {
    LoadSpec at_once = question.demand.load;
    at_once.offline = true;
    lengths_ = means_of(*open_source(at_once), kLengthsRead);
    if (lengths_.input == 0) throw ConfigError(at_once.trace, "no request: there is nothing to plan for");
    request_.targets = question.targets;
    request_.overrides = question.overrides;
    request_.good_share = question.good_share;
    request_.check = false;
  }

  PlanOption run() {
    PlanOption none;
    none.arch = arch_;
    none.runtime = q_.runtime;
    find_ways();
    if (ways_.empty()) {
      none.binding = why_none_;
      return none;
    }
    const std::size_t most = std::min(q_.finalists, ways_.size());
    std::optional<PlanOption> best;
    runner_ = session_.runner(ways_.front().question.arch, ways_.front().question.timing_digest);
    for (std::size_t i = 0; i < most; ++i) {
      if (progress_) progress_("deployments", i, most);
      PlanOption option = decide(ways_[i]);
      if (!best || better(option, *best)) best = std::move(option);
    }
    return *best;
  }

  static bool better(const PlanOption& a, const PlanOption& b) {
    if (a.meets_targets != b.meets_targets) return a.meets_targets;
    const auto& usd_a = a.usd_per_m_output_tokens.typical;
    const auto& usd_b = b.usd_per_m_output_tokens.typical;
    if (usd_a && usd_b) return *usd_a < *usd_b;
    if (usd_a || usd_b) return usd_a.has_value();
    return a.chips < b.chips;
  }

 private:
  const PlanQuestion& q_;
  const std::string arch_;
  Session& session_;
  const Progress& progress_;
  ServeRequest request_;
  LoadMeans lengths_;
  std::vector<Way> ways_;  // most requests a chip first
  std::string why_none_;
  double nearest_miss_ = 0;  // the worst target of the nearest deployment, over it
  std::unique_ptr<OperatorRunner> runner_;

  Posed posed_way(std::uint32_t tensor, std::uint32_t expert, const std::string& format) const {
    json scenario = {{"tp", tensor}, {"input", 1}, {"output", 1}};
    if (expert > 1) scenario["ep"] = expert;
    if (!format.empty()) scenario["dtype"] = format;
    if (!q_.kv.empty()) scenario["kv"] = q_.kv;
    return posed(configurations_of({{{arch_, q_.model, q_.runtime, q_.node}, scenario}}, q_.patches).front());
  }

  std::vector<std::uint32_t> degrees(std::uint32_t chips) const {
    if (!q_.tensor.empty()) return q_.tensor;
    std::vector<std::uint32_t> all;
    for (std::uint32_t t = 1; t <= chips; t *= 2) all.push_back(t);
    return all;
  }

  void find_ways() {
    const Posed alone = posed(configurations_of({{{arch_, "", "", q_.node}, {}}}, {}).front(), false);
    const LlmSpec llm = load_llm_named(q_.model);
    bool experts = false;
    llm.for_each_mixer([&](const auto& block, std::uint64_t) {
      experts = experts || std::is_same_v<std::decay_t<decltype(block)>, MixtureBlock>;
    });
    RunnerOptions bound;
    bound.fidelity = Fidelity::roofline;
    for (const std::string& format : q_.formats) {
      for (const std::uint32_t tensor : degrees(std::max(1U, alone.arch.node.chips))) {
        std::vector<std::uint32_t> expert_degrees = {1};
        if (experts && tensor > 1) expert_degrees.push_back(tensor);
        for (const std::uint32_t expert : expert_degrees) {
          try {
            Way way{tensor, expert, format, posed_way(tensor, expert, format), {}};
            const Posed& p = way.question;
            const Deployment d = deploy(*p.llm, p.scenario, p.arch, p.runtime, q_.overrides);
            OperatorRunner runner(p.arch, bound);
            SimulatedSizes sizes(*p.llm, p.scenario.formats, d.split, d.execution, runner);
            StepOracle costs(sizes);
            way.estimate = steady_state(d, costs, lengths_.input, lengths_.output, q_.targets);
            if (way.estimate.requests_per_s > 0) {
              ways_.push_back(std::move(way));
            } else {
              note_miss(one_sequence(d, costs), tensor);
            }
          } catch (const ConfigError& error) {
            if (why_none_.empty()) why_none_ = error.what();
          }
        }
      }
    }
    std::stable_sort(ways_.begin(), ways_.end(), [](const Way& a, const Way& b) {
      return a.estimate.requests_per_s / a.question.scenario.split.devices() >
             b.estimate.requests_per_s / b.question.scenario.split.devices();
    });
  }

  // One request alone, at the roofline: the targets that it misses, and by how much. The nearest is kept.
  void note_miss(const SteadyState& alone, std::uint32_t tensor) {
    const double e2e = alone.ttft_s + alone.tpot_s * std::max(0.0, lengths_.output - 1);
    const RequestTargets& t = q_.targets;
    double worst = 0;
    std::string words;
    for (const auto& [name, is, target] :
         {std::tuple("TTFT", alone.ttft_s, t.ttft_s), std::tuple("TPOT", alone.tpot_s, t.tpot_s),
          std::tuple("E2E", e2e, t.e2e_s)}) {
      if (target <= 0 || is <= target) continue;
      worst = std::max(worst, is / target);
      words += fmt::format(
          "{}{} of one request alone is {:.3g} s at the roofline, {:.3g} times the target of {:g} s",
          words.empty() ? "" : "; ", name, is, is / target, target);
    }
    if (words.empty() || (nearest_miss_ > 0 && worst >= nearest_miss_)) return;
    nearest_miss_ = worst;
    why_none_ = fmt::format(
        "no deployment keeps the targets; the nearest, tp {}: {}. Targets of TTFT {:.3g} s, TPOT "
        "{:.3g} s would be in reach of one request",
        tensor, words, alone.ttft_s, alone.tpot_s);
  }

  SteadyState one_sequence(Deployment d, StepCosts& costs) const {
    d.replica.limits.sequences = 1;
    return steady_state(d, costs, lengths_.input, lengths_.output, {});
  }

  // Replicas and the rate of each at the demand; users send as fast as they are answered.
  PlanOption decide(const Way& way) {
    const Posed& p = way.question;
    ServingBench bench(p, request_, *runner_);
    LoadSpec load = q_.demand.load;
    load.rate = 0.5 * way.estimate.requests_per_s;
    load.requests = trial_requests(way.estimate.sequences);
    ServingResult at = highest_rate(bench, load, q_.good_share, {});
    PlanOption o;
    o.arch = arch_;
    o.runtime = p.runtime.name;
    o.weights = at.weights;
    o.kv = at.kv;
    o.tp = at.division.tensor;
    o.pp = at.division.pipeline;
    o.ep = at.division.expert;
    o.dp = at.division.data;
    o.meets_targets = double{*at.highest_rate_per_s} > 0;
    o.capacity_requests_per_s = *at.highest_rate_per_s;
    if (!o.meets_targets) {
      o.binding = fmt::format(
          "no rate keeps the targets on the simulated machine: nine of ten requests get "
          "their first token within {:.3g} s and a token each {:.3g} s; {}",
          double{at.ttft.p90.value_or(0)}, double{at.tpot.p90.value_or(0)}, at.binding);
      take_latencies(o, at);
      return o;
    }
    const double capacity = o.capacity_requests_per_s;
    double demand = demand_of(at);
    for (int round = 0; round < kMostRounds; ++round) {
      o.replicas = static_cast<std::uint64_t>(std::max(1.0, std::ceil(demand / capacity - 1e-9)));
      load.rate = demand / static_cast<double>(o.replicas);
      at = bench.run(load, {});
      const double again = demand_of(at);
      if (std::abs(again - demand) < 0.01 * demand) break;
      demand = again;
    }
    complete(at, p, session_.accuracy());
    o.requests_per_s = demand;
    o.binding = at.binding;
    o.expected = at.expected;
    take_latencies(o, at);
    const std::uint32_t devices = p.scenario.split.devices();
    o.chips = o.replicas * devices;
    o.tokens_per_s_per_chip = capacity * lengths_.output / devices;
    if (at.tpot.p50) o.tokens_per_s_per_user = 1 / std::max(1e-9, double{*at.tpot.p50});
    add_servers(o, p, at);
    add_money(o, p, at, capacity);
    return o;
  }

  double demand_of(const ServingResult& at) const {
    if (q_.demand.requests_per_s > 0) return q_.demand.requests_per_s;
    return q_.demand.users / (q_.demand.think_s + double{at.e2e.mean.value_or(1)});
  }

  static void take_latencies(PlanOption& o, const ServingResult& at) {
    const auto figure = [](const std::optional<Figure>& f) {
      return f ? std::optional<double>(double{*f}) : std::nullopt;
    };
    o.ttft_s = figure(at.ttft.p90);
    o.tpot_s = figure(at.tpot.p90);
    o.e2e_s = figure(at.e2e.p90);
  }

  std::uint32_t per_server(const Posed& p) const {
    const MachinePrice* price = p.prices.of(arch_);
    return price != nullptr ? price->chips_per_server : std::max(1U, p.arch.node.chips);
  }
  static double host_w(const Posed& p, const std::string& arch) {
    const MachinePrice* price = p.prices.of(arch);
    return price != nullptr ? price->host_w.value_or(0) : 0;
  }
  std::uint64_t whole_servers(std::uint64_t replicas, const Posed& p) const {
    return static_cast<std::uint64_t>(
        servers_for(static_cast<double>(replicas), p.scenario.split.devices(), per_server(p)));
  }

  void add_servers(PlanOption& o, const Posed& p, const ServingResult& at) const {
    o.servers = whole_servers(o.replicas, p);
    o.spare_servers = q_.spare_servers;
    const auto all = static_cast<double>(o.servers + o.spare_servers);
    const double chips = per_server(p);
    const double host = host_w(p, arch_);
    const double used = static_cast<double>(o.replicas) * double{at.average_power_w};
    o.average_kw = 1e-3 * (used + host * static_cast<double>(o.servers));
    double peak = 0;
    for (const ServingStretch& s : at.over_time) peak = std::max(peak, double{s.power_w});
    o.peak_kw = 1e-3 * (static_cast<double>(o.replicas) * peak + host * all);
    const double board = p.arch.tdp_w > 0 ? p.arch.tdp_w : peak / std::max(1U, p.scenario.split.devices());
    const double server_kw = 1e-3 * (board * chips + host);
    o.nameplate_kw = server_kw * all;
    const double a_rack = std::max(1.0, std::floor(q_.rack_kw / server_kw));
    o.racks = static_cast<std::uint64_t>(std::ceil(all / a_rack));
  }

  // A cost scenario of this option alone, by the shipped finance.
  CostQuestion cost_question(const PlanOption& o, const Posed& p, const MachinePrice& price) const {
    json option = {{"name", arch_},
                   {"arch", arch_},
                   {"runtime", o.runtime},
                   {"devices", p.scenario.split.devices()},
                   {"spare_servers", q_.spare_servers},
                   {"acquire", price.chip_price ? "buy" : "rent"}};
    const json scenario = {
        {"schema", "orrery/cost/1"},
        {"base", "defaults.yaml"},
        {"title", "plan"},
        {"model", q_.model},
        {"workload",
         {{"input", std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::lround(lengths_.input)))},
          {"output", std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::lround(lengths_.output)))}}},
        {"demand", {{"output_tokens_per_s", o.requests_per_s * std::round(std::max(1.0, lengths_.output))}}},
        {"options", {option}}};
    CostQuestion question;
    question.draws = kDraws;
    question.scenario = build_cost_scenario(ConfigDocument::parse(
        scenario.dump(), (data_home() / "arch_configs" / "costs" / "plan.yaml").string()));
    question.options.push_back(p);
    take_listed_prices(question.scenario.options.front(), p.prices, load_prices());
    return question;
  }

  void add_money(PlanOption& o, const Posed& p, const ServingResult& at, double capacity) {
    const MachinePrice* price = p.prices.of(arch_);
    if (price == nullptr || (!price->chip_price && !price->rent_per_hour)) return;
    const CostQuestion question = cost_question(o, p, *price);
    OptionRuns runs;
    runs.at_target.served = at;
    runs.at_target.served.highest_rate_per_s = capacity;
    runs.at_target.meets_target = true;
    const CostStudy study = cost_study(question, {runs});
    const OptionStudy& option = study.options.front();
    const OwnershipCost& c = option.fleet;
    o.usd_per_m_output_tokens = {option.drawn.p50, option.drawn.p10, option.drawn.p90};
    o.usd_per_m_output_tokens.typical = c.usd_per_m_all;
    o.usd_per_m_input_tokens.typical = c.usd_per_m_input;
    if (c.chip_price) o.capex_usd = c.capex;
    o.opex_usd_per_year = c.electricity + c.colocation + c.staff + c.licences;
    if (price->rent_per_hour)
      o.rent_usd_per_year = static_cast<double>(o.chips) * price->rent_per_hour->typical * kHoursAYear;
    o.gco2_per_m_output_tokens = c.gco2_per_m_output;
    o.break_even_rent_months = c.break_even_months;
    if (q_.api_usd_per_m_output && o.capex_usd) {
      const double tokens_m =
          o.requests_per_s * lengths_.output * study.mean_load * kHoursAYear * 3600 * 1e-6;
      const double saved = (tokens_m * *q_.api_usd_per_m_output - *o.opex_usd_per_year) / 12;
      if (saved > 0) o.break_even_api_months = *o.capex_usd / saved;
    }
    add_purchases(o, p, capacity);
  }

  // Servers year by year, as the demand grows.
  void add_purchases(PlanOption& o, const Posed& p, double capacity) const {
    std::uint64_t have = 0;
    for (std::uint32_t year = 0; year < q_.years; ++year) {
      const double demand = o.requests_per_s * std::pow(1 + q_.growth, year);
      const auto replicas = static_cast<std::uint64_t>(std::max(1.0, std::ceil(demand / capacity - 1e-9)));
      const std::uint64_t servers = std::max(have, whole_servers(replicas, p) + q_.spare_servers);
      PlanStage stage{year + 1, demand, servers - have, servers, std::nullopt};
      if (o.capex_usd)
        stage.usd = *o.capex_usd * static_cast<double>(servers - have) /
                    static_cast<double>(o.servers + o.spare_servers);
      have = servers;
      o.purchases.push_back(stage);
    }
  }
};

}  // namespace

PlanOption plan_machine(const PlanQuestion& question, const std::string& arch, Session& session,
                        const Progress& progress) {
  PlanOption option = MachinePlan(question, arch, session, progress).run();
  session.commit();
  return option;
}

void rank_plan(std::vector<PlanOption>& options) {
  std::stable_sort(options.begin(), options.end(), MachinePlan::better);
  for (PlanOption& a : options) {
    a.front = a.meets_targets && std::none_of(options.begin(), options.end(), [&](const PlanOption& b) {
                return b.meets_targets && b.tokens_per_s_per_chip >= a.tokens_per_s_per_chip &&
                       b.tokens_per_s_per_user >= a.tokens_per_s_per_user &&
                       (b.tokens_per_s_per_chip > a.tokens_per_s_per_chip ||
                        b.tokens_per_s_per_user > a.tokens_per_s_per_user);
              });
  }
}

}  // namespace orrery
