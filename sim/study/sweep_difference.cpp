#include "sim/study/sweep_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/engine/isolate.h"
#include "sim/report/result_fields.h"
#include "sim/study/configuration.h"
#include "sim/study/configuration_key.h"
#include "sim/study/point_runner.h"
#include "sim/study/shapley.h"
#include "sim/study/sweep_results.h"
#include "sim/util/key_path.h"

namespace orrery {
namespace {

using nlohmann::json;

constexpr std::array<const char*, 5> kExplained = {"latency_s", "energy_per_token_j", "unit_cost_usd",
                                                   "usd_per_m_output_tokens", "owned_usd_per_m_tokens"};
constexpr std::size_t kMostChanges = 8;

StoredPoint find_point(ResultStore& store, const StoredSweep& sweep, const std::string& which) {
  const bool number =
      !which.empty() && std::all_of(which.begin(), which.end(), ::isdigit) && which.size() < 12;
  if (number) return store.point(sweep.id, std::stoull(which));
  std::optional<StoredPoint> found;
  store.each_point(sweep.id, false, [&](const StoredPoint& p) {
    if (!found && p.address.compare(0, which.size(), which) == 0) found = p;
  });
  if (!found)
    throw ConfigError("", "no point '" + which + "' in " + sweep.name + " (a number, or an address)");
  return *found;
}

// One of the two points.
struct End {
  StoredPoint point;
  json inputs;  // its configuration as asked for: what a die grows by follows from it and is no input
  bool modified = false;
};

End end_of(ResultStore& store, const StoredSweep& sweep, const std::string& which) {
  End end;
  end.point = find_point(store, sweep, which);
  if (end.point.result.status != PointStatus::done)
    throw ConfigError("",
                      fmt::format("point {} is {}", end.point.ordinal, to_string(end.point.result.status)));
  const json& base = sweep.bases.at(end.point.base);
  bool changed = false;
  end.inputs = placed_inputs(
      base, json::parse(end.point.inputs),
      [&](const std::string& key, const json& value) { return resolve_key(base, key, value); }, changed);
  end.modified = changed || base.contains("modified");
  end.inputs["fidelity"] = json::parse(store.result(end.point.address)->json)["fidelity"];
  return end;
}

// Places at which two configurations differ, whole values where their shapes do.
void add_differences(const json& a, const json& b, const std::string& at, std::vector<std::string>& found) {
  if (a == b) return;
  if (a.is_object() && b.is_object()) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : a.items()) keys.push_back(key);
    for (const auto& [key, value] : b.items()) {
      if (!a.contains(key)) keys.push_back(key);
    }
    for (const std::string& key : keys) {
      const bool follows =
          key == "modified" || key == "modelled_mm2" || key == "stated" || key == "overridden";
      if (at.empty() && follows) continue;
      if (!a.contains(key) || !b.contains(key)) {
        found.push_back(at + "/" + key);
      } else {
        add_differences(a[key], b[key], at + "/" + key, found);
      }
    }
  } else if (a.is_array() && b.is_array() && a.size() == b.size()) {
    for (std::size_t i = 0; i < a.size(); ++i)
      add_differences(a[i], b[i], at + "/" + std::to_string(i), found);
  } else {
    found.push_back(at);
  }
}

// Places at which the two differ. Machines, models and runtimes that differ as a whole are one each.
std::vector<std::string> changed_places(const json& a, const json& b) {
  std::vector<std::string> all;
  add_differences(a, b, "", all);
  std::vector<std::string> places;
  for (const char* part : {"arch", "llm", "runtime", "node", "cost"}) {
    if (a.contains(part) && b.contains(part) && a[part].value("name", "") != b[part].value("name", ""))
      places.push_back(std::string("/") + part);
  }
  const std::size_t wholes = places.size();
  for (const std::string& place : all) {
    const bool inside = std::any_of(
        places.begin(), places.begin() + static_cast<std::ptrdiff_t>(wholes),
        [&](const std::string& whole) { return place.compare(0, whole.size() + 1, whole + "/") == 0; });
    if (!inside) places.push_back(place);
  }
  return places;
}

json at_or_null(const json& c, const std::string& pointer) {
  const json::json_pointer p(pointer);
  return c.contains(p) ? c[p] : json(nullptr);
}

InputChange change_at(const std::string& place, const json& a, const json& b) {
  const bool whole = place.find('/', 1) == std::string::npos && at_or_null(a, place).is_object();
  const std::string at = place + (whole ? "/name" : "");
  return {key_path(place), at_or_null(a, at), at_or_null(b, at)};
}

void take(json& into, const json& from, const std::string& pointer) {
  const json::json_pointer p(pointer);
  if (from.contains(p)) {
    into[p] = from[p];
  } else if (into.contains(p)) {
    into[p.parent_pointer()].erase(p.back());
  }
}

// Figures that an end states are stated where it is that end's that stand here.
void take_stated(json& c, const json& a, const json& b) {
  c.erase("stated");
  for (const json* end : {&a, &b}) {
    const json stated = end->value("stated", json::object());
    for (const auto& [name, value] : stated.items()) {
      if (c["arch"]["chip"].value(name, json()) == value) c["stated"][name] = value;
    }
  }
}

// Point a with some of its inputs as they are in point b.
json mixture(const StoredSweep& sweep, const End& a, const End& b, const std::vector<std::string>& places,
             ChangeSet set) {
  const ChangeSet every = (ChangeSet{1} << places.size()) - 1;
  if (set == 0 || set == every) {  // the ends are as they were run
    const End& end = set == 0 ? a : b;
    json c = configuration_of(sweep, end.point.base, json::parse(end.point.inputs));
    c["fidelity"] = end.inputs["fidelity"];
    return c;
  }
  json c = a.inputs;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if ((set >> i & 1U) != 0) take(c, b.inputs, places[i]);
  }
  // Of the base whose machine it is; changed where both ends are, or where it is not that base's.
  const bool other = c["arch"].value("name", "") != a.inputs["arch"].value("name", "");
  const json& base = sweep.bases.at((other ? b : a).point.base);
  if ((a.modified && b.modified) || base.contains("modified") || c["arch"] != base["arch"]) {
    take_stated(c, a.inputs, b.inputs);
    mark_modified(c, base);
  }
  return c;
}

// The figures of every mixture, by its set.
std::vector<std::vector<json>> simulate(const std::vector<json>& mixtures, std::size_t jobs) {
  const AccuracyTable accuracy = load_accuracy();
  accuracy.origins();  // once, for all processes
  std::vector<std::function<std::string()>> tasks;
  for (const json& c : mixtures) {
    tasks.emplace_back([&c, &accuracy] {
      PointRunner runner(accuracy);
      return json(metrics_of(runner.run(c, "one", ""))).dump();
    });
  }
  std::vector<std::vector<json>> figures;
  for (const std::string& answer : run_isolated(tasks, jobs))
    figures.push_back(json::parse(answer).get<std::vector<json>>());
  return figures;
}

}  // namespace

template <>
const Table& table_of<InputChange>() {
  static const Table table = [] {
    Fields<InputChange> f("an input that differs");
    f.results();
    f.key("input", &InputChange::input, "", "its key");
    f.key("a", &InputChange::a, "", "in the first point; of a whole document its name").shaped({});
    f.key("b", &InputChange::b, "", "in the second").shaped({});
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<InputShare>() {
  static const Table table = [] {
    Fields<InputShare> f("what an input does");
    f.results();
    f.key("input", &InputShare::input, "", "its key");
    f.key("change", &InputShare::change, "", "in the figure's unit: mean over all orders of changing inputs");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<ExplainedFigure>() {
  static const Table table = [] {
    using F = ExplainedFigure;
    Fields<F> f("a figure that differs");
    f.results();
    f.key("figure", &F::figure, "", "its name");
    f.key("a", &F::a, "", "in the first point");
    f.key("b", &F::b, "", "in the second");
    f.key("shares", &F::shares, "", "of the inputs; they add up to the difference");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<SweepDifference>() {
  static const Table table = [] {
    using D = SweepDifference;
    Fields<D> f("why two points of a sweep differ");
    f.results();
    add_kind(f, "sweep-diff");
    f.key("a", &D::a, "", "number of the first point");
    f.key("b", &D::b, "", "number of the second");
    f.key("inputs", &D::inputs, "", "that differ");
    f.key("figures", &D::figures, "", "and what each input does to them");
    return Table(f);
  }();
  return table;
}

SweepDifference explain_difference(ResultStore& store, const StoredSweep& sweep, const std::string& a,
                                   const std::string& b, std::size_t jobs) {
  const End first = end_of(store, sweep, a);
  const End second = end_of(store, sweep, b);
  const std::vector<std::string> places = changed_places(first.inputs, second.inputs);
  if (places.empty()) throw ConfigError("", "the two points have the same inputs");
  if (places.size() > kMostChanges)
    throw ConfigError("",
                      fmt::format("{} inputs differ; up to {} are told apart", places.size(), kMostChanges));
  std::vector<json> mixtures;
  for (ChangeSet set = 0; set < (ChangeSet{1} << places.size()); ++set)
    mixtures.push_back(mixture(sweep, first, second, places, set));
  const std::vector<std::vector<json>> figures = simulate(mixtures, jobs);
  SweepDifference difference{first.point.ordinal, second.point.ordinal, {}, {}};
  for (const std::string& place : places)
    difference.inputs.push_back(change_at(place, first.inputs, second.inputs));
  for (const char* name : kExplained) {
    const std::size_t m = metric_index(name);
    const auto known = [m](const std::vector<json>& f) { return f[m].is_number(); };
    if (!std::all_of(figures.begin(), figures.end(), known)) continue;
    const auto value = [&](ChangeSet set) { return figures[set][m].get<double>(); };
    ExplainedFigure explained{name, value(0), value(figures.size() - 1), {}};
    const std::vector<double> shares = shapley_shares(places.size(), value);
    for (std::size_t i = 0; i < shares.size(); ++i)
      explained.shares.push_back({difference.inputs[i].input, shares[i]});
    difference.figures.push_back(std::move(explained));
  }
  return difference;
}

}  // namespace orrery
