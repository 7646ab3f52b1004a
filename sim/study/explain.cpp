#include "sim/study/explain.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "sim/engine/isolate.h"
#include "sim/report/result_fields.h"
#include "sim/study/configuration_key.h"
#include "sim/study/evaluate.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

using nlohmann::json;

// More of it is never slower, but for `costs`: less of those is.
struct Lever {
  const char* resource;
  const char* key;
  bool whole = false;  // a number of things
  bool costs = false;
};
constexpr Lever kLevers[] = {
    {"DRAM bandwidth (channels)", "arch.dram.channels", true},
    {"DRAM controller latency", "arch.dram.controller_latency_ns", false, true},
    {"shared buffer capacity", "arch.shared_buffer.size_mib"},
    {"shared buffer bandwidth", "arch.shared_buffer.bytes_per_cycle"},
    {"network ports", "arch.network.port_bytes_per_cycle"},
    {"network latency", "arch.network.latency_ns", false, true},
    {"cores", "arch.cores.count", true},
    {"clock", "arch.clock_ghz"},
    {"scratchpad capacity", "arch.cores.scratchpad.size_kib"},
    {"kernel overhead", "arch.command.kernel_overhead_ns", false, true},
    {"gap between kernels", "runtime.kernel_gap_us", false, true},
    {"host time of a step", "runtime.step_us", false, true},
};

struct Asked {
  const Lever* lever;
  double value;
};

// What the configuration says of a lever; none where it says nothing, or nothing that can be scaled.
std::optional<double> value_of(const json& configuration, const Lever& lever) {
  try {
    const json::json_pointer at(resolve_key(configuration, lever.key, json(1)));
    if (!configuration.contains(at) || !configuration.at(at).is_number()) return std::nullopt;
    const double value = configuration.at(at).get<double>();
    if (value <= 0) return std::nullopt;
    return value;
  } catch (const ConfigError&) {
    return std::nullopt;
  }
}

std::optional<double> scaled(const Asked& asked, double factor) {
  const double value = asked.lever->whole ? std::round(asked.value * factor) : asked.value * factor;
  if (value <= 0 || value == asked.value) return std::nullopt;
  return value;
}

// As JSON.
std::string run_of(const json& configuration, Session& session) {
  return written(evaluate(posed(configuration), session)).dump();
}

std::optional<Figure> ratio(const json& changed, const json& base, const char* pointer) {
  const json::json_pointer at(pointer);
  if (!changed.contains(at) || !changed.at(at).is_number() || !base.contains(at) || !base.at(at).is_number())
    return std::nullopt;
  const double of = base.at(at).get<double>();
  return of > 0 ? std::optional<Figure>(changed.at(at).get<double>() / of) : std::nullopt;
}

ResourceEffect effect_of(double value, const IsolatedAnswer& answer, const json& base, const json& modelled) {
  ResourceEffect effect;
  effect.value = value;
  effect.refused = answer.failure;
  if (!answer.failure.empty()) return effect;
  const json changed = json::parse(answer.text);
  effect.latency = ratio(changed, base, "/latency_s");
  effect.ttft = ratio(changed, base, "/ttft_s");
  effect.tpot = ratio(changed, base, "/tpot_s");
  effect.energy = ratio(changed, base, "/energy_j/total");
  effect.area = ratio(changed, modelled, "/area_mm2");
  return effect;
}

// Of a log-log line through what there is of half, the same and twice.
double elasticity_of(const ResourceWorth& worth) {
  const auto less = [](const std::optional<Figure>& latency) {
    return latency ? -std::log(double{*latency}) : 0;
  };
  const double from = worth.half.latency ? std::log(double{worth.half.value}) : std::log(double{worth.value});
  const double to = worth.twice.latency ? std::log(double{worth.twice.value}) : std::log(double{worth.value});
  return to > from ? (less(worth.twice.latency) - less(worth.half.latency)) / (to - from) : 0;
}

void bound_of(const json& phase, std::string& bound, Figure& share) {
  if (phase.is_null()) return;
  bound = phase.at("bound").get<std::string>();
  const double time = phase.at("time_s").get<double>();
  share = time > 0 ? phase.at("split_s").at(bound).get<double>() / time : 0.0;
}

}  // namespace

Explanation explain(const json& configuration, Session& session, std::size_t jobs) {
  std::vector<Asked> levers;
  for (const Lever& lever : kLevers) {
    if (const auto value = value_of(configuration, lever)) levers.push_back({&lever, *value});
  }
  // By itself, so that what it throws stays what it is.
  const json base = json::parse(run_isolated({[&] { return run_of(configuration, session); }}, 1).front());
  std::vector<std::function<std::string()>> tasks;
  const auto run_with = [&](const Asked& asked, double value) {
    const Patch patch{"", asked.lever->key,
                      asked.lever->whole ? json(static_cast<std::uint64_t>(value)) : json(value)};
    std::vector<json> changed = {configuration};
    apply_patches(changed, {patch});
    return run_of(changed.front(), session);
  };
  std::vector<std::pair<std::size_t, double>> changes;  // the lever of each task, and what of it
  for (std::size_t i = 0; i < levers.size(); ++i) {
    for (const double factor : {0.5, 2.0}) {
      const std::optional<double> value = scaled(levers[i], factor);
      if (!value) continue;
      changes.emplace_back(i, *value);
      tasks.emplace_back([&, i, value] { return run_with(levers[i], *value); });
    }
  }
  // A changed machine's area is modelled: it is compared with what the model makes of the asked one.
  tasks.emplace_back(
      [&] { return levers.empty() ? std::string("{}") : run_with(levers.front(), levers.front().value); });
  const std::vector<IsolatedAnswer> answers = answers_of_isolated(tasks, jobs);
  const json modelled = answers.back().failure.empty() ? json::parse(answers.back().text) : json::object();
  Explanation told;
  told.arch = base.at("arch").get<std::string>();
  told.model = base.at("model").get<std::string>();
  told.latency_s = base.at("latency_s").get<double>();
  bound_of(base.at("phases").at("prefill"), told.prefill_bound, told.prefill_share);
  bound_of(base.at("phases").at("decode"), told.decode_bound, told.decode_share);
  for (const Asked& asked : levers)
    told.resources.push_back({asked.lever->resource, asked.lever->key, asked.value, {}, {}, 0});
  for (std::size_t i = 0; i < changes.size(); ++i) {
    ResourceWorth& worth = told.resources[changes[i].first];
    (changes[i].second < double{worth.value} ? worth.half : worth.twice) =
        effect_of(changes[i].second, answers[i], base, modelled);
  }
  for (ResourceWorth& worth : told.resources) worth.elasticity = elasticity_of(worth);
  std::stable_sort(told.resources.begin(), told.resources.end(), [](const auto& a, const auto& b) {
    return std::abs(a.elasticity) > std::abs(b.elasticity);
  });
  return told;
}

template <>
const Table& table_of<ResourceEffect>() {
  static const Table table = [] {
    using E = ResourceEffect;
    Fields<E> f("a machine with another amount of one resource");
    f.results();
    f.key("value", &E::value, "", "of the key; 0 where there is no such amount");
    f.key("latency", &E::latency, "", "over that of the asked machine");
    f.key("ttft", &E::ttft, "", "the same of the time to the first token");
    f.key("tpot", &E::tpot, "", "the same of the time per output token");
    f.key("energy", &E::energy, "", "the same of the energy");
    f.key("area", &E::area, "", "the same of the die area, where both are known");
    f.key("refused", &E::refused, "", "why there is no such machine; empty where there is");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<ResourceWorth>() {
  static const Table table = [] {
    using W = ResourceWorth;
    Fields<W> f("a resource of a machine, and what it is worth");
    f.results();
    f.key("resource", &W::resource, "", "of the machine or its software");
    f.key("key", &W::key, "", "by which it is changed");
    f.key("value", &W::value, "", "that the asked machine has");
    f.key("half", &W::half, "", "with half of it");
    f.key("twice", &W::twice, "", "with twice as much");
    f.key("elasticity", &W::elasticity, "", "per cent less latency for a per cent more of it");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<Explanation>() {
  static const Table table = [] {
    using X = Explanation;
    Fields<X> f("what binds an inference, and what each resource is worth to it");
    f.results();
    add_kind(f, "explanation");
    f.key("arch", &X::arch, "", "machine");
    f.key("model", &X::model, "", "that is run");
    f.key("latency_s", &X::latency_s, "s", "of the asked machine");
    f.key("prefill_bound", &X::prefill_bound, "", "what takes most of the prompt's time");
    f.key("prefill_share", &X::prefill_share, "share", "of that time");
    f.key("decode_bound", &X::decode_bound, "",
          "what takes most of the other tokens' time; empty of one token");
    f.key("decode_share", &X::decode_share, "share", "of that time");
    f.key("resources", &X::resources, "", "what changes the latency most first");
    return Table(f);
  }();
  return table;
}

}  // namespace orrery
