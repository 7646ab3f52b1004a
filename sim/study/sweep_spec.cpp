#include "sim/study/sweep_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "sim/study/configuration.h"
#include "sim/study/configuration_key.h"
#include "sim/study/metrics.h"
#include "sim/study/patches.h"
#include "sim/study/sweep_bases.h"
#include "sim/study/sweep_keys.h"
#include "sim/study/sweep_workloads.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

using nlohmann::json;
using Pointer = json::json_pointer;

constexpr std::size_t kMostValues = 1'000'000;

// Whole numbers stay whole, so that keys which count take them.
json plain(double value) {
  const double rounded = std::round(value);
  if (std::abs(value - rounded) <= 1e-9 * std::abs(value) && std::abs(value) < 1e15)
    return static_cast<std::int64_t>(rounded);
  return value;
}

std::vector<json> range_values(const RangeKeys& r, const std::string& where, const std::string& key) {
  const double from = r.from;
  const double to = r.to;
  const auto refuse = [&](const std::string& why) -> void {
    throw ConfigError(where, fmt::format("the range of '{}' from {:g} to {:g} {}", key, from, to, why));
  };
  if (to < from) refuse("is empty");
  if (r.scale != RangeScale::linear && from <= 0)
    refuse(std::string("must start above 0 to go by ") + to_string(r.scale));
  std::vector<json> values;
  if (r.scale == RangeScale::powers_of_two) {
    for (double v = std::exp2(std::ceil(std::log2(from) - 1e-9)); v <= to * (1 + 1e-12); v *= 2)
      values.push_back(plain(v));
    if (values.empty()) refuse("holds no power of two");
    return values;
  }
  if (r.step.has_value() == r.steps.has_value())
    refuse("needs 'steps' (how many values) or 'step' (how far apart)");
  if (r.step) {
    if (r.scale == RangeScale::log) refuse("goes by log: give 'steps'");
    const double step = *r.step;
    if ((to - from) / step > static_cast<double>(kMostValues)) refuse("has over a million values");
    for (std::uint64_t i = 0; from + static_cast<double>(i) * step <= to + 1e-9 * step; ++i)
      values.push_back(plain(from + static_cast<double>(i) * step));
    return values;
  }
  const std::int64_t steps = *r.steps;
  if (steps < 1) refuse("is empty: steps is below 1");
  if (steps > static_cast<std::int64_t>(kMostValues)) refuse("has over a million values");
  for (std::int64_t i = 0; i < steps; ++i) {
    const double share = steps == 1 ? 0 : static_cast<double>(i) / static_cast<double>(steps - 1);
    values.push_back(
        plain(r.scale == RangeScale::log ? from * std::pow(to / from, share) : from + share * (to - from)));
  }
  return values;
}

AxisKey read_key(const KeyValues& k, const std::string& where) {
  if (k.key.empty()) throw ConfigError(where, "an axis needs a 'key' (or 'zip')");
  if (k.values.has_value() == k.range.has_value())
    throw ConfigError(where, "'" + k.key + "' needs 'values' or a 'range', and not both");
  AxisKey axis{k.key, k.values ? *k.values : range_values(*k.range, where, k.key)};
  if (axis.values.empty()) throw ConfigError(where, "'" + axis.key + "' has no values");
  return axis;
}

// So that a value its schema refuses is found before anything runs.
void check_key(const SweepSpec& spec, const std::string& key, const std::vector<json>& values,
               const std::string& where) {
  for (const json& base : spec.bases) check_values(base, key, values, where);
}

// Names an expression reads: keys of the configuration, and figures where they are known.
void check_names(const SweepSpec& spec, const Expression& e, const std::vector<std::string>& figures,
                 const std::string& where) {
  for (const std::string& name : e.names()) {
    if (std::find(figures.begin(), figures.end(), name) != figures.end()) continue;
    if (name.find('.') == std::string::npos) {
      throw ConfigError(
          where, fmt::format("'{}': nothing is named '{}'{}", e.text(), name, did_you_mean(name, figures)));
    }
    for (const json& base : spec.bases) {
      located(where, [&] { resolve_key(base, name, spec.first_value(name)); });
    }
  }
}

// Keys that a sweep sets, in the order they are set, and a value of each.
struct SetKey {
  std::string key;
  json value;
  std::size_t axis;
  std::string where;
};

std::vector<SetKey> keys_set(const SweepSpec& spec, const std::vector<std::string>& places) {
  std::vector<SetKey> keys;
  for (std::size_t a = 0; a < spec.axes.size(); ++a) {
    for (const AxisKey& k : spec.axes[a].keys) keys.push_back({k.key, k.values.front(), a, places[a]});
  }
  for (const DerivedKey& d : spec.derived) keys.push_back({d.key, 1, spec.axes.size(), d.value.where()});
  return keys;
}

// Each place is set under one name, and no place inside another, so that the order does not matter; a
// condition reads what stands before it: what comes later would not have its value yet.
void check_keys_set(const SweepSpec& spec, const std::vector<std::string>& places) {
  const std::vector<SetKey> keys = keys_set(spec, places);
  for (const json& base : spec.bases) {
    std::vector<std::string> pointers;
    for (const SetKey& k : keys) pointers.push_back(resolve_key(base, k.key, k.value));
    for (std::size_t i = 0; i < keys.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (keys[i].key == keys[j].key || !overlap(pointers[i], pointers[j])) continue;
        throw ConfigError(keys[i].where,
                          fmt::format("'{}' and '{}' set the same place; one key for it is enough",
                                      keys[j].key, keys[i].key));
      }
    }
    for (std::size_t a = 0; a < spec.axes.size(); ++a) {
      if (!spec.axes[a].when) continue;
      for (const std::string& name : spec.axes[a].when->names()) {
        const std::string read = resolve_key(base, name, spec.first_value(name));
        for (std::size_t i = 0; i < keys.size(); ++i) {
          if (keys[i].axis <= a || !overlap(pointers[i], read)) continue;
          throw ConfigError(places[a],
                            fmt::format("the condition '{}' reads '{}', which comes later; put it first",
                                        spec.axes[a].when->text(), keys[i].key));
        }
      }
    }
  }
}

// A value given twice is one value.
void keep_each_once(SweepAxis& axis) {
  std::set<std::vector<json>> seen;
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < axis.size(); ++i) {
    std::vector<json> values;
    for (const AxisKey& k : axis.keys) values.push_back(k.values[i]);
    if (seen.insert(std::move(values)).second) kept.push_back(i);
  }
  for (AxisKey& k : axis.keys) {
    std::vector<json> once;
    for (const std::size_t i : kept) once.push_back(k.values[i]);
    k.values = std::move(once);
  }
}

// Where each stands.
std::vector<std::string> read_axes(const ConfigDocument& document, const SweepKeys& keys, SweepSpec& spec) {
  std::vector<std::string> places;
  for (std::size_t i = 0; i < keys.axes.size(); ++i) {
    const std::string where = document.where("/axes/" + std::to_string(i));
    const AxisKeys& given = keys.axes[i];
    SweepAxis axis;
    if (!given.zip.empty()) {
      if (!given.key.empty()) throw ConfigError(where, "an axis has 'key' or 'zip', not both");
      for (const KeyValues& k : given.zip) axis.keys.push_back(read_key(k, where));
    } else {
      axis.keys.push_back(read_key(given, where));
    }
    for (const AxisKey& k : axis.keys) {
      if (k.values.size() != axis.size()) {
        throw ConfigError(where, fmt::format("keys of a zip change together: '{}' has {} values, '{}' {}",
                                             axis.keys[0].key, axis.size(), k.key, k.values.size()));
      }
      check_key(spec, k.key, k.values, where);
    }
    keep_each_once(axis);
    if (!given.when.empty()) {
      axis.when = Expression(given.when, where);
      check_names(spec, *axis.when, {}, where);
    }
    spec.axes.push_back(std::move(axis));
    places.push_back(where);
  }
  return places;
}

void read_rest(const ConfigDocument& document, const SweepKeys& keys, SweepSpec& spec) {
  for (std::size_t i = 0; i < keys.derived.size(); ++i) {
    const std::string where = document.where("/derived/" + std::to_string(i));
    const auto& [key, value] = keys.derived[i];
    Expression e(value.is_string() ? value.get<std::string>() : value.dump(), where);
    check_names(spec, e, {}, where);
    for (const json& base : spec.bases)
      located(where, [&, &name = key] { check_settable(base, name, resolve_key(base, name, 1), 1); });
    spec.derived.push_back({key, std::move(e)});
  }
  const auto read_constraints = [&](const char* side, const std::vector<std::string>& tests,
                                    const std::vector<std::string>& figures, std::vector<Expression>& into) {
    for (std::size_t i = 0; i < tests.size(); ++i) {
      const std::string where = document.where(fmt::format("/constraints/{}/{}", side, i));
      Expression e(tests[i], where);
      check_names(spec, e, figures, where);
      into.push_back(std::move(e));
    }
  };
  read_constraints("inputs", keys.constraints.inputs, input_metric_names(), spec.input_constraints);
  read_constraints("outputs", keys.constraints.outputs, metric_names(), spec.output_constraints);
  for (std::size_t i = 0; i < keys.objectives.size(); ++i) {
    const auto& [way, name] = *keys.objectives[i].begin();
    const std::string where = document.where("/objectives/" + std::to_string(i));
    const Metric& m = located(where, [&, &of = name] { return std::cref(metric(of)); });
    if (m.of_fleet && !spec.bases.front().contains("cost"))
      throw ConfigError(where, fmt::format("'{}' is of a fleet: it needs 'of: {{cost: NAME}}'", m.name));
    const bool serves = spec.bases.front().contains("serving") || spec.bases.front().contains("cost");
    if (serves ? !m.of_served : !m.of_batch)
      throw ConfigError(
          where, serves ? fmt::format("'{}' is of a batch, and requests are served here", m.name)
                        : fmt::format("'{}' is of served requests: it needs 'of: {{serving: ...}}'", m.name));
    spec.objectives.push_back({name, way.compare(0, 3, "max") == 0});
  }
}

void check_search(const ConfigDocument& document, const SweepSpec& spec) {
  const SearchSpec& search = spec.search;
  const bool evolves = search.method == SearchMethod::nsga2;
  if (search.method != SearchMethod::grid && search.points == 0)
    throw ConfigError(document.where("/search"), "this method needs a budget: 'points'");
  if ((evolves || search.prune_keep < 1) && spec.objectives.empty())
    throw ConfigError(document.where("/search"), "needs 'objectives' to tell good points from bad");
  if (!evolves) return;
  if (search.prune_keep < 1)
    throw ConfigError(document.where("/search/prune_keep"),
                      "nsga2 chooses its points itself: nothing to prune");
  const std::uint64_t workloads = bases_by_workload(spec.bases).size();
  const std::uint64_t one = std::max(kLeastPopulation, search.population);
  if (search.points / workloads < one) {
    throw ConfigError(
        document.where("/search"),
        fmt::format("a budget of {} points does not hold one generation of {}{}", search.points, one,
                    workloads > 1 ? fmt::format(" for each of {} workloads", workloads) : ""));
  }
  if (search.population % 4 != 0)
    throw ConfigError(document.where("/search/population"), "a population is a multiple of 4");
}

}  // namespace

std::uint64_t SweepSpec::grid_size() const {
  std::uint64_t size = bases.size();
  for (const SweepAxis& axis : axes) {
    if (__builtin_mul_overflow(size, axis.size(), &size)) return std::numeric_limits<std::uint64_t>::max();
  }
  return size;
}

json SweepSpec::first_value(const std::string& key) const {
  for (const SweepAxis& axis : axes) {
    for (const AxisKey& k : axis.keys) {
      if (k.key == key) return k.values.front();
    }
  }
  return nullptr;
}

std::string SweepSpec::id() const {
  json whole = {{"bases", bases},
                {"fidelity", to_string(fidelity)},
                {"method", search.method},
                {"points", search.points},
                {"seed", search.seed},
                {"population", search.population},
                {"prune", search.prune_keep}};
  for (const SweepAxis& axis : axes) {
    json a = {{"when", axis.when ? axis.when->text() : ""}, {"keys", json::object()}};
    for (const AxisKey& k : axis.keys) a["keys"][k.key] = k.values;
    whole["axes"].push_back(a);
  }
  for (const DerivedKey& d : derived) whole["derived"].push_back({d.key, d.value.text()});
  for (const Expression& e : input_constraints) whole["inputs"].push_back(e.text());
  for (const Expression& e : output_constraints) whole["outputs"].push_back(e.text());
  for (const Objective& o : objectives) whole["objectives"].push_back({o.metric, o.maximise});
  return digest(whole).substr(0, 16);
}

std::vector<std::string> sweep_names() {
  return names_of(kSweep);
}

SweepSpec load_sweep(const std::string& name, const std::vector<std::string>& overrides) {
  const ConfigDocument document = open_document(name, kSweep);
  const auto keys = read_document<SweepKeys>(document);
  SweepSpec spec;
  spec.file = document.path().string();
  spec.name = keys.name.empty() ? document.path().stem().string() : keys.name;
  spec.title = keys.title.empty() ? spec.name : keys.title;
  spec.question = keys.question;
  spec.fidelity = keys.fidelity;
  spec.search = keys.search;
  read_bases(document, spec);
  apply_patches(spec.bases, parse_patches(overrides));
  const std::vector<std::string> places = read_axes(document, keys, spec);
  read_rest(document, keys, spec);
  check_keys_set(spec, places);
  check_search(document, spec);
  return spec;
}

}  // namespace orrery
