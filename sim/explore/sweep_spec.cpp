#include "sim/explore/sweep_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <set>

#include "sim/config/document_reference.h"
#include "sim/config/schema_validation.h"
#include "sim/explore/configuration.h"
#include "sim/explore/configuration_key.h"
#include "sim/explore/metrics.h"
#include "sim/explore/patches.h"
#include "sim/explore/sweep_bases.h"
#include "sim/util/data_home.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

using nlohmann::json;
using Pointer = json::json_pointer;

constexpr std::size_t kMostValues = 1'000'000;

std::filesystem::path folder() {
  return data_home() / "arch_configs" / "sweeps";
}

// Whole numbers stay whole, so that keys which count take them.
json plain(double value) {
  const double rounded = std::round(value);
  if (std::abs(value - rounded) <= 1e-9 * std::abs(value) && std::abs(value) < 1e15)
    return static_cast<std::int64_t>(rounded);
  return value;
}

std::vector<json> range_values(const json& r, const std::string& where, const std::string& key) {
  const double from = r["from"].get<double>();
  const double to = r["to"].get<double>();
  const std::string scale = r.value("scale", "linear");
  const auto refuse = [&](const std::string& why) -> void {
    throw ConfigError(where, fmt::format("the range of '{}' from {:g} to {:g} {}", key, from, to, why));
  };
  if (to < from) refuse("is empty");
  if (scale != "linear" && from <= 0) refuse("must start above 0 to go by " + scale);
  std::vector<json> values;
  if (scale == "powers_of_two") {
    for (double v = std::exp2(std::ceil(std::log2(from) - 1e-9)); v <= to * (1 + 1e-12); v *= 2)
      values.push_back(plain(v));
    if (values.empty()) refuse("holds no power of two");
    return values;
  }
  if (r.contains("step") == r.contains("steps"))
    refuse("needs 'steps' (how many values) or 'step' (how far apart)");
  if (r.contains("step")) {
    if (scale == "log") refuse("goes by log: give 'steps'");
    const double step = r["step"].get<double>();
    if ((to - from) / step > static_cast<double>(kMostValues)) refuse("has over a million values");
    for (std::uint64_t i = 0; from + static_cast<double>(i) * step <= to + 1e-9 * step; ++i)
      values.push_back(plain(from + static_cast<double>(i) * step));
    return values;
  }
  const auto steps = r["steps"].get<std::int64_t>();
  if (steps < 1) refuse("is empty: steps is below 1");
  if (steps > static_cast<std::int64_t>(kMostValues)) refuse("has over a million values");
  for (std::int64_t i = 0; i < steps; ++i) {
    const double share = steps == 1 ? 0 : static_cast<double>(i) / static_cast<double>(steps - 1);
    values.push_back(plain(scale == "log" ? from * std::pow(to / from, share) : from + share * (to - from)));
  }
  return values;
}

AxisKey read_key(const json& k, const std::string& where) {
  AxisKey axis;
  if (!k.contains("key")) throw ConfigError(where, "an axis needs a 'key' (or 'zip')");
  axis.key = k["key"].get<std::string>();
  if (k.contains("values") == k.contains("range"))
    throw ConfigError(where, "'" + axis.key + "' needs 'values' or a 'range', and not both");
  axis.values =
      k.contains("values") ? k["values"].get<std::vector<json>>() : range_values(k["range"], where, axis.key);
  if (axis.values.empty()) throw ConfigError(where, "'" + axis.key + "' has no values");
  return axis;
}

SearchMethod parse_method(const std::string& name) {
  return name == "random"            ? SearchMethod::random
         : name == "latin_hypercube" ? SearchMethod::latin_hypercube
         : name == "nsga2"           ? SearchMethod::nsga2
                                     : SearchMethod::grid;
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
std::vector<std::string> read_axes(const ConfigDocument& document, SweepSpec& spec) {
  const json axes = document.root().value("axes", json::array());
  std::vector<std::string> places;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::string where = document.where("/axes/" + std::to_string(i));
    SweepAxis axis;
    if (axes[i].contains("zip")) {
      if (axes[i].contains("key")) throw ConfigError(where, "an axis has 'key' or 'zip', not both");
      for (const json& k : axes[i]["zip"]) axis.keys.push_back(read_key(k, where));
    } else {
      axis.keys.push_back(read_key(axes[i], where));
    }
    for (const AxisKey& k : axis.keys) {
      if (k.values.size() != axis.size()) {
        throw ConfigError(where, fmt::format("keys of a zip change together: '{}' has {} values, '{}' {}",
                                             axis.keys[0].key, axis.size(), k.key, k.values.size()));
      }
      check_key(spec, k.key, k.values, where);
    }
    keep_each_once(axis);
    if (axes[i].contains("when")) {
      axis.when = Expression(axes[i]["when"].get<std::string>(), where);
      check_names(spec, *axis.when, {}, where);
    }
    spec.axes.push_back(std::move(axis));
    places.push_back(where);
  }
  return places;
}

void read_rest(const ConfigDocument& document, SweepSpec& spec) {
  const json& r = document.root();
  const json derived = r.value("derived", json::array());
  for (std::size_t i = 0; i < derived.size(); ++i) {
    const std::string where = document.where("/derived/" + std::to_string(i));
    const json& value = derived[i]["value"];
    Expression e(value.is_string() ? value.get<std::string>() : value.dump(), where);
    check_names(spec, e, {}, where);
    const std::string key = derived[i]["key"].get<std::string>();
    for (const json& base : spec.bases) {
      located(where, [&] { check_settable(base, key, resolve_key(base, key, 1), 1); });
    }
    spec.derived.push_back({key, std::move(e)});
  }
  const json constraints = r.value("constraints", json::object());
  for (const auto& [side, into] :
       {std::pair{"inputs", &spec.input_constraints}, std::pair{"outputs", &spec.output_constraints}}) {
    const json tests = constraints.value(side, json::array());
    for (std::size_t i = 0; i < tests.size(); ++i) {
      const std::string where = document.where(fmt::format("/constraints/{}/{}", side, i));
      Expression e(tests[i].get<std::string>(), where);
      const bool inputs = into == &spec.input_constraints;
      check_names(spec, e, inputs ? input_metric_names() : metric_names(), where);
      into->push_back(std::move(e));
    }
  }
  const json objectives = r.value("objectives", json::array());
  for (std::size_t i = 0; i < objectives.size(); ++i) {
    const auto only = objectives[i].begin();
    const std::string& way = only.key();
    const json& name = only.value();
    const std::string where = document.where("/objectives/" + std::to_string(i));
    const Metric& m = located(where, [&] { return std::cref(metric(name.get<std::string>())); });
    if (std::string(m.pointer).rfind("/ownership/", 0) == 0 && !spec.bases.front().contains("cost"))
      throw ConfigError(where, fmt::format("'{}' is of a fleet: it needs 'of: {{cost: NAME}}'", m.name));
    spec.objectives.push_back({name.get<std::string>(), way.compare(0, 3, "max") == 0});
  }
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
  return names_in(folder());
}

SweepSpec load_sweep(const std::string& name, const std::vector<std::string>& overrides) {
  std::filesystem::path path = folder() / (name + ".yaml");
  if (std::filesystem::is_regular_file(name)) path = name;
  if (!std::filesystem::exists(path))
    throw ConfigError("", "no sweep '" + name + "'" + did_you_mean(name, sweep_names()));
  const ConfigDocument document = ConfigDocument::load(path);
  validate_as(document, "orrery/sweep/1");
  const json& r = document.root();
  SweepSpec spec;
  spec.file = path.string();
  spec.name = r.value("name", path.stem().string());
  spec.title = r.value("title", spec.name);
  spec.question = r.value("question", "");
  spec.fidelity = parse_fidelity(r.value("fidelity", "tile"));
  read_bases(document, spec);
  apply_patches(spec.bases, parse_patches(overrides));
  const std::vector<std::string> places = read_axes(document, spec);
  read_rest(document, spec);
  check_keys_set(spec, places);
  const json search = r.value("search", json::object());
  spec.search.method = parse_method(search.value("method", "grid"));
  spec.search.points = search.value("points", std::uint64_t{0});
  spec.search.seed = search.value("seed", std::uint64_t{1});
  spec.search.population = search.value("population", std::uint64_t{0});
  spec.search.prune_keep = search.value("prune_keep", 1.0);
  if (spec.search.points > kMostPoints)
    throw ConfigError(document.where("/search/points"),
                      fmt::format("up to {} points are planned at once", kMostPoints));
  if (spec.search.method != SearchMethod::grid && spec.search.points == 0)
    throw ConfigError(document.where("/search"), "this method needs a budget: 'points'");
  if ((spec.search.method == SearchMethod::nsga2 || spec.search.prune_keep < 1) && spec.objectives.empty())
    throw ConfigError(document.where("/search"), "needs 'objectives' to tell good points from bad");
  if (spec.search.method == SearchMethod::nsga2 && spec.search.prune_keep < 1)
    throw ConfigError(document.where("/search/prune_keep"),
                      "nsga2 chooses its points itself: nothing to prune");
  if (spec.search.method == SearchMethod::nsga2) {
    const std::uint64_t one = std::max(kLeastPopulation, spec.search.population);
    if (spec.search.points < one) {
      throw ConfigError(
          document.where("/search"),
          fmt::format("a budget of {} points does not hold one generation of {}", spec.search.points, one));
    }
    if (spec.search.population % 4 != 0)
      throw ConfigError(document.where("/search/population"), "a population is a multiple of 4");
  }
  return spec;
}

}  // namespace orrery
