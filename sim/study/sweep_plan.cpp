#include "sim/study/sweep_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "sim/config/runtime_loader.h"
#include "sim/config/technology.h"
#include "sim/study/configuration.h"
#include "sim/study/configuration_key.h"
#include "sim/study/configured.h"
#include "sim/study/metrics.h"
#include "sim/study/model_version.h"
#include "sim/study/sampling.h"

namespace orrery {

using nlohmann::json;
using Pointer = json::json_pointer;

// A point on its way: inputs and configuration as its axes are applied one after the other.
struct SweepPlan::Draft {
  std::size_t base = 0;
  json inputs = json::object();
  json configuration;
  bool modified = false;
  std::set<std::string> touched;  // parts that are no longer the base's
  std::uint64_t edits = 0;
  // For figures that expressions ask for, after so many edits.
  mutable std::optional<InputFigures> figures;
  mutable std::uint64_t figured = 0;

  json marked(const json& from) const {
    json c = configuration;
    if (modified) mark_modified(c, from);
    return c;
  }
};

SweepPlan::SweepPlan(const SweepSpec& spec) : spec_(spec) {
  for (const json& base : spec.bases) {
    auto& parts = digests_.emplace_back();
    for (const auto& [part, value] : base.items()) parts[part] = orrery::part_digest(value);
  }
}

const std::string& SweepPlan::pointer(std::size_t base, const std::string& key) const {
  const auto [it, fresh] = pointers_.try_emplace({base, key});
  if (fresh) {
    // A key that its schema knows but no file gives is found by a value that fits it.
    const json value = spec_.first_value(key);
    it->second = resolve_key(spec_.bases[base], key, value.is_null() ? json(1) : value);
  }
  return it->second;
}

json SweepPlan::configuration(std::size_t base, const json& inputs) const {
  json c = with_inputs(spec_.bases[base], inputs,
                       [&](const std::string& key, const json&) { return pointer(base, key); });
  c["fidelity"] = to_string(spec_.fidelity);
  return c;
}

NameValue SweepPlan::names_of(const Draft& draft) const {
  return [this, &draft](const std::string& name) -> json {
    static const std::vector<std::string> figures = input_metric_names();
    if (std::find(figures.begin(), figures.end(), name) != figures.end()) {
      if (!draft.figures || draft.figured != draft.edits) {
        const json c = draft.marked(spec_.bases[draft.base]);
        const Technology technology = build_technology(ConfigDocument::of(c["technology"], "technology"));
        const ArchSpec arch = configured_machine(c, technology);
        const LlmSpec llm = configured_llm(c);
        draft.figures = InputFigures{arch, technology, llm, configured_scenario(c, arch, llm),
                                     build_runtime(ConfigDocument::of(c["runtime"], "runtime")).token_budget};
        draft.figured = draft.edits;
      }
      return input_metric(name, *draft.figures);
    }
    const Pointer at(pointer(draft.base, name));
    if (draft.configuration.contains(at)) return draft.configuration[at];
    // Inside a file that an axis names.
    const json whole = draft.marked(spec_.bases[draft.base]);
    if (!whole.contains(at))
      throw ConfigError("", "'" + name + "' is not given in " + label_of(draft.configuration));
    return whole[at];
  };
}

std::string SweepPlan::part_digest(const Draft& draft, const std::string& part) const {
  const auto& known = digests_[draft.base];
  const auto found = known.find(part);
  const bool same = found != known.end() && draft.touched.count(part) == 0;
  return same ? found->second : orrery::part_digest(draft.configuration.value(part, json()));
}

std::vector<std::uint32_t> SweepPlan::extents() const {
  std::vector<std::uint32_t> extents = {static_cast<std::uint32_t>(spec_.bases.size())};
  for (const SweepAxis& axis : spec_.axes) extents.push_back(static_cast<std::uint32_t>(axis.size()));
  return extents;
}

std::vector<Choice> SweepPlan::choices() const {
  const std::vector<std::uint32_t> sizes = extents();
  if (spec_.search.method == SearchMethod::nsga2) return {};
  if (spec_.search.method == SearchMethod::random)
    return random_choices(sizes, spec_.search.points, spec_.search.seed);
  if (spec_.search.method == SearchMethod::latin_hypercube)
    return latin_hypercube_choices(sizes, spec_.search.points, spec_.search.seed);
  const std::uint64_t size = spec_.grid_size();
  if (size > kMostPoints) {
    throw ConfigError(spec_.file, fmt::format("the grid has {} points; up to {} are planned at once. Fewer "
                                              "values, or a search with a budget",
                                              size, kMostPoints));
  }
  std::vector<Choice> all;
  all.reserve(size);
  Choice choice(sizes.size(), 0);
  for (std::uint64_t i = 0; i < size; ++i) {
    all.push_back(choice);
    for (std::size_t d = sizes.size(); d-- > 0;) {  // the last axis fastest
      if (++choice[d] < sizes[d]) break;
      choice[d] = 0;
    }
  }
  return all;
}

void SweepPlan::set(Draft& draft, const std::string& key, const json& value) const {
  const std::string& at = pointer(draft.base, key);
  draft.modified = draft.modified || changes_machine(spec_.bases[draft.base], at);
  draft.touched.insert(at.substr(1, at.find('/', 1) - 1));
  ++draft.edits;
  place(draft.configuration, at, value);
  draft.inputs[key] = value;
}

SweepPlan::Draft SweepPlan::draft(Choice& choice) const {
  Draft draft;
  draft.base = choice[0];
  draft.configuration = spec_.bases[choice[0]];
  const NameValue names = names_of(draft);
  for (std::size_t a = 0; a < spec_.axes.size(); ++a) {
    const SweepAxis& axis = spec_.axes[a];
    if (axis.when && !axis.when->truth(names)) {
      choice[a + 1] = 0;
      continue;
    }
    for (const AxisKey& k : axis.keys) set(draft, k.key, k.values[choice[a + 1]]);
  }
  return draft;
}

Choice SweepPlan::canonical(const Choice& choice) const {
  Choice same = choice;
  draft(same);
  return same;
}

std::optional<SweepPoint> SweepPlan::point(std::uint64_t ordinal, const Choice& choice) const {
  Choice same = choice;
  Draft d = draft(same);
  if (same != choice) return std::nullopt;
  const NameValue names = names_of(d);
  for (const DerivedKey& key : spec_.derived) {
    json value = key.value.value(names);
    // Keys that count take whole numbers.
    if (value.is_number_float() && value.get<double>() == std::floor(value.get<double>()))
      value = static_cast<std::int64_t>(value.get<double>());
    set(d, key.key, value);
    try {
      check_settable(spec_.bases[d.base], key.key, pointer(d.base, key.key), value);
      validate_part(d.configuration, pointer(d.base, key.key));
    } catch (const ConfigError& error) {
      throw ConfigError(key.value.where(), error.diagnostics().front().message);
    }
  }
  SweepPoint p;
  p.ordinal = ordinal;
  p.base = d.base;
  p.inputs = d.inputs;
  for (const Expression& e : spec_.input_constraints) p.feasible = p.feasible && e.truth(names);
  if (d.modified) {
    mark_modified(d.configuration, spec_.bases[d.base]);
    d.touched.insert({"arch", "modified", "stated"});
  }
  std::map<std::string, std::string> digests;  // each part's once
  for (const auto& [part, value] : d.configuration.items()) digests.emplace(part, part_digest(d, part));
  const auto digest_of = [&](const char* part) {
    const auto found = digests.find(part);
    return found != digests.end() ? found->second : part_digest(d, part);
  };
  const std::string fidelity = to_string(spec_.fidelity);
  std::string parts = fmt::format("{} {}", kModelVersion, fidelity);
  for (const auto& [part, value] : digests) parts += " " + part + " " + value;
  p.address = digest(parts);
  p.machine = fidelity;
  for (const char* part : {"arch", "node", "modified"}) p.machine += " " + digest_of(part);
  if (d.configuration.contains("modified")) p.machine += " " + area_digest(d.configuration["technology"]);
  p.run = p.machine;
  for (const char* part : {"llm", "scenario", "runtime", "serving"}) p.run += " " + digest_of(part);
  // Of a cost scenario, the targets that decide what is served.
  if (d.configuration.contains("cost")) p.run += " " + digest(d.configuration["cost"]["workload"]);
  p.machine = digest(p.machine);
  p.run = digest(p.run);
  return p;
}

std::vector<SweepPoint> SweepPlan::points() const {
  std::vector<SweepPoint> all;
  std::uint64_t ordinal = 0;
  std::uint64_t feasible = 0;
  for (const Choice& choice : choices()) {
    if (std::optional<SweepPoint> p = point(ordinal, choice)) {
      feasible += p->feasible ? 1 : 0;
      all.push_back(std::move(*p));
      ++ordinal;
    }
  }
  if (feasible == 0 && !all.empty()) {
    std::string tests;
    for (const Expression& e : spec_.input_constraints)
      tests += fmt::format("{}'{}'", tests.empty() ? "" : ", ", e.text());
    throw ConfigError(spec_.file, fmt::format("none of {} points meets {}", all.size(), tests));
  }
  return all;
}

}  // namespace orrery
