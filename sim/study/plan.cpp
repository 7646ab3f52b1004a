#include "sim/study/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/config/cost_scenario.h"
#include "sim/study/capacity.h"
#include "sim/study/cost_study.h"
#include "sim/study/plan_ways.h"
#include "sim/util/data_home.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

using nlohmann::json;

constexpr std::uint64_t kDraws = 2000;
constexpr int kMostRounds = 4;  // until users and their rate agree

class MachinePlan {
 public:
  MachinePlan(const PlanQuestion& question, const std::string& arch, Session& session,
              const Progress& progress)
      : q_(question), arch_(arch), session_(session), progress_(progress) {
    lengths_ = mean_lengths(question.demand.load);
    if (lengths_.input == 0)
      throw ConfigError(question.demand.load.trace, "no request: there is nothing to plan for");
    request_.targets = question.targets;
    request_.overrides = question.overrides;
    request_.good_share = question.good_share;
    request_.check = false;
  }

  PlanOption run() {
    PlanOption none;
    none.arch = arch_;
    none.runtime = q_.runtime;
    const PlanWays found = ways_to_deploy(q_, arch_, lengths_);
    if (found.ways.empty()) {
      none.binding = found.why_none;
      return none;
    }
    const std::vector<const PlanWay*> finalists = finalists_of(found, q_.finalists);
    const Posed& first = finalists.front()->question;
    runner_ = session_.runner(first.arch, first.timing_digest);
    std::optional<PlanOption> best;
    const PlanWay* best_way = nullptr;
    const auto offer = [&](const PlanWay& way, const Variant& variant) {
      std::optional<PlanOption> option = decide(way, variant);
      if (!option || (best && !better(*option, *best))) return;
      best = std::move(option);
      best_way = &way;
    };
    for (std::size_t i = 0; i < finalists.size(); ++i) {
      if (progress_) progress_("deployments", i, finalists.size());
      offer(*finalists[i], {});
    }
    // The best of them again: with fewer sequences at once, which keeps a token's time through bursts, and
    // with its prompts on replicas of their own.
    const PlanWay& way = *best_way;
    const Variant fewer = fewer_sequences(way);
    if (!q_.overrides.sequences && *fewer.sequences < best->max_sequences) offer(way, fewer);
    if (q_.apart) offer(way, prompts_apart(*best));
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
  std::unique_ptr<OperatorRunner> runner_;

  // Of a way.
  struct Variant {
    std::optional<std::uint64_t> sequences;      // at once, at most
    std::uint32_t prefilling = 0, decoding = 1;  // replicas that go together
    bool any() const { return sequences || prefilling > 0; }
  };

  // As many as the estimate has at a time, up to a power of two.
  static Variant fewer_sequences(const PlanWay& way) {
    std::uint64_t sequences = 8;
    while (static_cast<double>(sequences) < way.estimate.sequences) sequences *= 2;
    return {sequences, 0, 1};
  }
  // In the proportion of their times.
  static Variant prompts_apart(const PlanOption& together) {
    constexpr std::uint32_t kMostTogether = 6;
    const double share = std::clamp(together.prompt_share, 0.05, 0.95);
    double least = 1;
    Variant nearest{std::nullopt, 1, 1};
    for (std::uint32_t p = 1; p < kMostTogether; ++p) {
      for (std::uint32_t d = 1; p + d <= kMostTogether; ++d) {
        const double off = std::abs(static_cast<double>(p) / (p + d) - share);
        if (off >= least - 1e-9) continue;
        least = off;
        nearest = {std::nullopt, p, d};
      }
    }
    return nearest;
  }

  // Replicas and the rate of each at the demand; users send as fast as they are answered. None where a
  // variant is not possible.
  std::optional<PlanOption> decide(const PlanWay& way, const Variant& variant) {
    const Posed& p = way.question;
    ServeRequest request = request_;
    if (variant.sequences) request.overrides.sequences = variant.sequences;
    if (variant.prefilling > 0) {
      request.prefilling = Prefilling{nullptr, variant.prefilling, std::nullopt, 0, nullptr};
      request.replicas = variant.decoding;
    }
    std::optional<ServingBench> bench;
    try {
      bench.emplace(p, request, *runner_);
    } catch (const ConfigError&) {
      if (variant.any()) return std::nullopt;
      throw;
    }
    const std::uint32_t together = variant.prefilling + variant.decoding;
    LoadSpec load = q_.demand.load;
    load.rate = 0.5 * way.estimate.requests_per_s * together;
    load.requests = trial_requests(way.estimate.sequences * together * p.scenario.split.data);
    ServingResult at = highest_rate(*bench, load, q_.good_share, progress_);
    PlanOption o;
    o.prefill_replicas = variant.prefilling;
    o.decode_replicas = variant.decoding;
    o.max_sequences = at.scheduler.sequences;
    o.prompt_share = at.prompt_share;
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
    const ServingResult at_capacity = at;
    double demand = demand_of(at);
    for (int round = 0; round < kMostRounds; ++round) {
      o.replicas = static_cast<std::uint64_t>(std::max(1.0, std::ceil(demand / capacity - 1e-9)));
      load.rate = demand / static_cast<double>(o.replicas);
      at = bench->run(load, {});
      const double again = demand_of(at);
      if (std::abs(again - demand) < 0.01 * demand) break;
      demand = again;
    }
    complete(at, p, session_.accuracy());
    o.requests_per_s = demand;
    o.binding = at.binding;
    o.expected = at.expected;
    take_latencies(o, at);
    const std::uint32_t devices = p.scenario.split.devices() * together;
    o.chips = o.replicas * devices;
    o.tokens_per_s_per_chip = capacity * lengths_.output / devices;
    if (at.tpot.p50) o.tokens_per_s_per_user = 1 / std::max(1e-9, double{*at.tpot.p50});
    add_servers(o, p, devices, at);
    add_money(o, p, devices, at_capacity, capacity);
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
  std::uint64_t whole_servers(std::uint64_t replicas, const Posed& p, std::uint32_t devices) const {
    return static_cast<std::uint64_t>(servers_for(static_cast<double>(replicas), devices, per_server(p)));
  }

  void add_servers(PlanOption& o, const Posed& p, std::uint32_t devices, const ServingResult& at) const {
    o.servers = whole_servers(o.replicas, p, devices);
    o.spare_servers = q_.spare_servers;
    const auto all = static_cast<double>(o.servers + o.spare_servers);
    const double chips = per_server(p);
    const double host = host_w(p, arch_);
    const double used = static_cast<double>(o.replicas) * double{at.average_power_w};
    o.average_kw = 1e-3 * (used + host * static_cast<double>(o.servers));
    double peak = 0;
    for (const ServingStretch& s : at.over_time) peak = std::max(peak, double{s.power_w});
    o.peak_kw = 1e-3 * (static_cast<double>(o.replicas) * peak + host * all);
    const double server_kw = 1e-3 * (board_nameplate_w(p.arch, peak / devices) * chips + host);
    o.nameplate_kw = server_kw * all;
    o.racks = static_cast<std::uint64_t>(std::ceil(all / servers_of_a_rack(q_.rack_kw, server_kw)));
  }

  // A cost scenario of this option alone, by the shipped finance.
  CostQuestion cost_question(const PlanOption& o, const Posed& p, std::uint32_t devices,
                             const MachinePrice& price) const {
    json option = {{"name", arch_},
                   {"arch", arch_},
                   {"runtime", o.runtime},
                   {"devices", devices},
                   {"spare_servers", q_.spare_servers},
                   {"acquire", price.chip_price ? "buy" : "rent"}};
    json finance = json::object();
    const auto say = [&](const char* key, const std::optional<double>& value, bool is_price) {
      if (!value) return;
      finance[key] = *value;
      if (is_price)
        finance[key] = {{"value", *value}, {"currency", "USD"}, {"date", "2026"}, {"source", "asked"}};
    };
    say("grid_gco2_per_kwh", q_.grid_gco2_per_kwh, false);
    say("pue", q_.pue, false);
    say("electricity_per_kwh", q_.electricity_usd_per_kwh, true);
    const json scenario = {
        {"schema", "orrery/cost/1"},
        {"base", "defaults.yaml"},
        {"title", "plan"},
        {"model", q_.model},
        {"finance", finance},
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

  void add_money(PlanOption& o, const Posed& p, std::uint32_t devices, const ServingResult& at_capacity,
                 double capacity) {
    const MachinePrice* price = p.prices.of(arch_);
    if (price == nullptr || (!price->chip_price && !price->rent_per_hour)) return;
    const CostQuestion question = cost_question(o, p, devices, *price);
    OptionRuns runs;
    runs.at_target.served = at_capacity;
    runs.at_target.served.expected = o.expected;
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
      const double requests_m = o.requests_per_s * study.mean_load * kHoursAYear * 3600 * 1e-6;
      const double paid = requests_m * (lengths_.output * *q_.api_usd_per_m_output +
                                        lengths_.input * q_.api_usd_per_m_input.value_or(0));
      const double saved = (paid - *o.opex_usd_per_year) / 12;
      if (saved > 0) o.break_even_api_months = *o.capex_usd / saved;
    }
    add_purchases(o, p, devices, capacity);
  }

  // Servers year by year, as the demand grows.
  void add_purchases(PlanOption& o, const Posed& p, std::uint32_t devices, double capacity) const {
    std::uint64_t have = 0;
    for (std::uint32_t year = 0; year < q_.years; ++year) {
      const double demand = o.requests_per_s * std::pow(1 + q_.growth, year);
      const auto replicas = static_cast<std::uint64_t>(std::max(1.0, std::ceil(demand / capacity - 1e-9)));
      const std::uint64_t servers = std::max(have, whole_servers(replicas, p, devices) + q_.spare_servers);
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
  const auto mark = [&](bool PlanOption::*front, const auto& worth) {
    for (PlanOption& a : options) {
      a.*front = a.meets_targets && worth(a) > 0 &&
                 std::none_of(options.begin(), options.end(), [&](const PlanOption& b) {
                   return b.meets_targets && worth(b) >= worth(a) &&
                          b.tokens_per_s_per_user >= a.tokens_per_s_per_user &&
                          (worth(b) > worth(a) || b.tokens_per_s_per_user > a.tokens_per_s_per_user);
                 });
    }
  };
  mark(&PlanOption::front, [](const PlanOption& o) { return o.tokens_per_s_per_chip; });
  mark(&PlanOption::front_per_usd, [](const PlanOption& o) {
    const std::optional<double>& usd = o.usd_per_m_output_tokens.typical;
    return usd ? 1 / *usd : 0.0;
  });
}

}  // namespace orrery
