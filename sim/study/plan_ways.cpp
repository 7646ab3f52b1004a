#include "sim/study/plan_ways.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "sim/util/errors.h"

namespace orrery {
namespace {

using nlohmann::json;

// How the devices of a replica divide the model.
struct Degrees {
  std::uint32_t tensor = 1, pipeline = 1, expert = 1, data = 1;
  std::uint32_t devices() const { return tensor * pipeline * data; }
};

std::vector<std::uint32_t> powers_up_to(std::uint32_t most) {
  std::vector<std::uint32_t> all;
  for (std::uint32_t t = 1; t <= most; t *= 2) all.push_back(t);
  return all;
}

bool has_experts(const LlmSpec& llm) {
  bool experts = false;
  llm.for_each_mixer([&](const auto& block, std::uint64_t) {
    experts = experts || std::is_same_v<std::decay_t<decltype(block)>, MixtureBlock>;
  });
  return experts;
}

class WaySearch {
 public:
  WaySearch(const PlanQuestion& question, const std::string& arch, const LoadMeans& lengths)
      : q_(question), arch_(arch), lengths_(lengths) {}

  PlanWays run() {
    const Posed alone = posed(configurations_of({{{arch_, "", "", q_.node}, {}}}, {}).front(), false);
    const bool experts = has_experts(load_llm_named(q_.model));
    const std::uint32_t chips = std::max(1U, alone.arch.node.chips);
    try_ways(degrees(chips, experts));
    const bool as_asked = !q_.pipeline.empty() || !q_.data.empty();
    if (found_.ways.empty() && nearest_miss_ == 0 && !as_asked) {
      if (alone.arch.node.nics > 0)
        try_servers(chips, experts);
      else
        found_.why_none +=
            ". The machine's node joins no other server: --node names one that does (orrery list nodes)";
    }
    std::stable_sort(found_.ways.begin(), found_.ways.end(), [](const PlanWay& a, const PlanWay& b) {
      return a.estimate.requests_per_s / a.devices() > b.estimate.requests_per_s / b.devices();
    });
    return std::move(found_);
  }

 private:
  const PlanQuestion& q_;
  const std::string arch_;
  const LoadMeans lengths_;
  PlanWays found_;
  double nearest_miss_ = 0;         // the worst target of the nearest deployment, over it
  std::uint32_t most_refused_ = 0;  // devices of what does not fit

  void try_ways(const std::vector<Degrees>& all) {
    for (const std::string& format : q_.formats) {
      for (const Degrees& d : all) try_way(d, format);
    }
  }

  // What no server holds, on the fewest that do.
  void try_servers(std::uint32_t chips, bool experts) {
    constexpr std::uint32_t kMostServers = 16;
    for (std::uint32_t servers = 2; servers <= kMostServers && found_.ways.empty(); servers *= 2)
      try_ways(degrees_over(servers, chips, experts));
  }

  // Whole servers: in stages, or a mixture's experts on all of them under ranks that attend to requests of
  // their own.
  std::vector<Degrees> degrees_over(std::uint32_t servers, std::uint32_t chips, bool experts) const {
    std::vector<Degrees> all;
    for (const std::uint32_t tensor : q_.tensor.empty() ? powers_up_to(chips) : q_.tensor) {
      const std::uint32_t others = servers * chips / tensor;
      if (others * tensor != servers * chips) continue;
      all.push_back({tensor, others, 1, 1});
      if (experts && tensor > 1) all.push_back({tensor, others, tensor, 1});
      if (experts) all.push_back({tensor, 1, servers * chips, others});
    }
    return all;
  }

  // Those of a server. Experts are shared by the chips that share a layer, or by all that step together and
  // attend to requests of their own.
  std::vector<Degrees> degrees(std::uint32_t chips, bool experts) const {
    const auto asked = [&](const std::vector<std::uint32_t>& said) {
      return said.empty() ? powers_up_to(chips) : said;
    };
    std::vector<Degrees> all;
    for (const std::uint32_t tensor : asked(q_.tensor)) {
      for (const std::uint32_t pipeline : asked(q_.pipeline)) {
        if (q_.pipeline.empty() && pipeline > 1 && tensor * pipeline > chips) continue;
        all.push_back({tensor, pipeline, 1, 1});
        if (experts && tensor > 1) all.push_back({tensor, pipeline, tensor, 1});
      }
      const bool whole =
          q_.pipeline.empty() || std::find(q_.pipeline.begin(), q_.pipeline.end(), 1U) != q_.pipeline.end();
      for (const std::uint32_t data : asked(q_.data)) {
        if (!whole) break;  // in stages they do not step together
        if (!experts || data == 1 || (q_.data.empty() && tensor * data > chips)) continue;
        all.push_back({tensor, 1, tensor * data, data});
      }
    }
    return all;
  }

  Posed posed_way(const Degrees& d, const std::string& format) const {
    json scenario = {{"tp", d.tensor}, {"input", 1}, {"output", 1}};
    if (d.pipeline > 1) scenario["pp"] = d.pipeline;
    if (d.expert > 1) scenario["ep"] = d.expert;
    if (d.data > 1) scenario["dp"] = d.data;
    if (!format.empty()) scenario["dtype"] = format;
    if (!q_.kv.empty()) scenario["kv"] = q_.kv;
    return posed(configurations_of({{{arch_, q_.model, q_.runtime, q_.node}, scenario}}, q_.patches).front());
  }

  void try_way(const Degrees& degrees, const std::string& format) {
    RunnerOptions bound;
    bound.fidelity = Fidelity::roofline;
    try {
      PlanWay way{posed_way(degrees, format), {}};
      const Posed& p = way.question;
      const Deployment d = deploy(*p.llm, p.scenario, p.arch, p.runtime, q_.overrides);
      OperatorRunner runner(p.arch, bound);
      SimulatedSizes sizes(*p.llm, p.scenario.formats, d.split, d.execution, runner);
      StepOracle costs(sizes);
      way.estimate = steady_state(d, costs, lengths_.input, lengths_.output, q_.targets);
      if (way.estimate.requests_per_s > 0) {
        found_.ways.push_back(std::move(way));
      } else {
        note_miss(one_sequence(d, costs), degrees.tensor);
      }
    } catch (const ConfigError& error) {
      // Of what does not fit, what was tried on the most devices.
      if (nearest_miss_ > 0 || degrees.devices() < most_refused_) return;
      most_refused_ = degrees.devices();
      found_.why_none = error.what();
    }
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
    found_.why_none = fmt::format(
        "no deployment keeps the targets; the nearest, tp {}: {}. Targets of TTFT {:.3g} s, TPOT "
        "{:.3g} s would be in reach of one request",
        tensor, words, alone.ttft_s, alone.tpot_s);
  }

  SteadyState one_sequence(Deployment d, StepCosts& costs) const {
    d.replica.limits.sequences = 1;
    return steady_state(d, costs, lengths_.input, lengths_.output, {});
  }
};

}  // namespace

PlanWays ways_to_deploy(const PlanQuestion& question, const std::string& arch, const LoadMeans& lengths) {
  return WaySearch(question, arch, lengths).run();
}

std::vector<const PlanWay*> finalists_of(const PlanWays& ways, std::size_t most) {
  constexpr double kWorthwhile = 0.75;  // of the first one's requests a chip
  std::vector<const PlanWay*> finalists;
  std::set<std::tuple<std::uint32_t, std::string>> seen;
  for (const PlanWay& way : ways.ways) {
    const auto a_chip = [](const PlanWay& w) { return w.estimate.requests_per_s / w.devices(); };
    if (a_chip(way) < kWorthwhile * a_chip(ways.ways.front())) break;
    const std::string format = name_of(way.question.scenario.formats.most_weights());
    if (finalists.size() < most && seen.insert({way.devices(), format}).second) finalists.push_back(&way);
  }
  return finalists;
}

}  // namespace orrery
