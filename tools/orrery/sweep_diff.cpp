// orrery sweep diff: why two points differ. The inputs that differ are changed in every order, and each one's
// share is its mean effect (Shapley value), so that the shares add up to the whole difference.

#include <fmt/format.h>

#include <algorithm>

#include "sim/engine/isolate.h"
#include "sim/report/text_table.h"
#include "sim/study/configuration.h"
#include "sim/study/configuration_key.h"
#include "sim/study/point_runner.h"
#include "sim/study/sweep_plan.h"
#include "sim/study/sweep_results.h"
#include "tools/orrery/output.h"
#include "tools/orrery/sweep_commands.h"

namespace orrery {
namespace {

using nlohmann::json;

// Figures whose change is explained.
constexpr std::array<const char*, 5> kExplained = {"latency_s", "energy_per_token_j", "unit_cost_usd",
                                                   "usd_per_m_output_tokens", "owned_usd_per_m_tokens"};
constexpr std::size_t kMostChanges = 8;  // 2^8 simulations

StoredPoint find_point(ResultStore& store, const StoredSweep& sweep, const std::string& which) {
  const bool number =
      !which.empty() && std::all_of(which.begin(), which.end(), ::isdigit) && which.size() < 12;
  if (number) return store.point(sweep.id, std::stoull(which));
  std::optional<StoredPoint> found;
  store.each_point(sweep.id, false, [&](const StoredPoint& p) {
    if (!found && p.address.compare(0, which.size(), which) == 0) found = p;
  });
  if (!found) throw UsageError("no point '" + which + "' in " + sweep.name + " (a number, or an address)");
  return *found;
}

// Places at which the two configurations differ, whole values where their shapes do.
void differences(const json& a, const json& b, const std::string& at, std::vector<std::string>& found) {
  if (a == b) return;
  if (a.is_object() && b.is_object()) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : a.items()) keys.push_back(key);
    for (const auto& [key, value] : b.items()) {
      if (!a.contains(key)) keys.push_back(key);
    }
    for (const std::string& key : keys) {
      // What follows from the others.
      if (at.empty() &&
          (key == "modified" || key == "modelled_mm2" || key == "stated" || key == "overridden"))
        continue;
      if (!a.contains(key) || !b.contains(key)) {
        found.push_back(at + "/" + key);
      } else {
        differences(a[key], b[key], at + "/" + key, found);
      }
    }
  } else if (a.is_array() && b.is_array() && a.size() == b.size()) {
    for (std::size_t i = 0; i < a.size(); ++i) differences(a[i], b[i], at + "/" + std::to_string(i), found);
  } else {
    found.push_back(at);
  }
}

json at_or_null(const json& c, const std::string& pointer) {
  const json::json_pointer p(pointer);
  return c.contains(p) ? c[p] : json(nullptr);
}

// Machines, models and runtimes that differ as a whole are one change each.
std::vector<std::vector<std::string>> grouped(const std::vector<std::string>& places, const json& a,
                                              const json& b) {
  std::vector<std::vector<std::string>> groups;
  for (const char* part : {"arch", "llm", "runtime", "node", "cost"}) {
    if (!a.contains(part) || !b.contains(part)) continue;
    if (a[part].value("name", "") != b[part].value("name", "")) groups.push_back({std::string("/") + part});
  }
  for (const std::string& place : places) {
    const bool inside = std::any_of(groups.begin(), groups.end(), [&](const auto& g) {
      return place.compare(0, g[0].size() + 1, g[0] + "/") == 0;
    });
    if (!inside) groups.push_back({place});
  }
  return groups;
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

}  // namespace

int sweep_diff_command(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()  //
      ("where", po::value<std::vector<std::string>>()->required()->value_name("FILE A B"),
       "result store and two points: their numbers, or the beginning of their addresses (stand alone)")  //
      ("sweep", po::value<std::string>()->default_value("")->value_name("NAME"),
       "where the store holds several")                                                                   //
      ("jobs,j", po::value<std::uint64_t>()->default_value(2)->value_name("N"), "simulations at a time")  //
      ("format", po::value<std::string>()->default_value("table")->value_name("F"), "table, json or csv");
  const ParsedOptions parsed = parse_options(
      arguments, options,
      "orrery sweep diff FILE A B\nWhy point B differs from point A: which inputs differ, and how much of "
      "the change in latency, energy and\n"
      "cost is each one's (its mean effect over all orders of changing them, so that they add up).",
      "  orrery sweep diff results.db 0 17\n", "where");
  if (parsed.help) return 0;
  const OutputFormat format = named<OutputFormat>(parsed.values["format"].as<std::string>(), "--format");
  const auto places = parsed.values["where"].as<std::vector<std::string>>();
  if (places.size() != 3) throw UsageError("diff needs a result store and two points");
  ResultStore store(places[0], ResultStore::Access::read);
  const StoredSweep sweep = store.sweep(parsed.values["sweep"].as<std::string>());
  json ends[2];
  StoredPoint points[2];
  bool modified[2] = {false, false};
  for (int e = 0; e < 2; ++e) {
    points[e] = find_point(store, sweep, places[static_cast<std::size_t>(e) + 1]);
    if (points[e].result.status != PointStatus::done)
      throw ConfigError(places[0],
                        fmt::format("point {} is {}", points[e].ordinal, to_string(points[e].result.status)));
    // As asked for: what a die grows by follows from it and is no input.
    const json& base = sweep.bases.at(points[e].base);
    bool changed = false;
    ends[e] = placed_inputs(
        base, json::parse(points[e].inputs),
        [&](const std::string& key, const json& value) { return resolve_key(base, key, value); }, changed);
    modified[e] = changed || base.contains("modified");
    ends[e]["fidelity"] = json::parse(store.result(points[e].address)->json)["fidelity"];
  }
  std::vector<std::string> different;
  differences(ends[0], ends[1], "", different);
  const std::vector<std::vector<std::string>> changes = grouped(different, ends[0], ends[1]);
  if (changes.empty()) throw UsageError("the two points have the same inputs");
  if (changes.size() > kMostChanges)
    throw UsageError(fmt::format("{} inputs differ; up to {} are told apart", changes.size(), kMostChanges));
  const AccuracyTable accuracy = load_accuracy();
  accuracy.origins();  // once, for all processes
  std::vector<std::function<std::string()>> tasks;
  for (std::size_t set = 0; set < (std::size_t{1} << changes.size()); ++set) {
    json c = ends[0];
    for (std::size_t i = 0; i < changes.size(); ++i) {
      if ((set >> i & 1U) == 0) continue;
      for (const std::string& place : changes[i]) take(c, ends[1], place);
    }
    // The ends are as they were run. Between them: of the base whose machine it is; changed where both ends
    // are, or where it is not that base's.
    const bool other = c["arch"].value("name", "") != ends[0]["arch"].value("name", "");
    const json& base = sweep.bases.at(points[other ? 1 : 0].base);
    const std::size_t every = (std::size_t{1} << changes.size()) - 1;
    if (set == 0 || set == every) {
      const StoredPoint& end = points[set == 0 ? 0 : 1];
      c = configuration_of(sweep, end.base, json::parse(end.inputs));
      c["fidelity"] = ends[set == 0 ? 0 : 1]["fidelity"];
    } else if ((modified[0] && modified[1]) || base.contains("modified") || c["arch"] != base["arch"]) {
      take_stated(c, ends[0], ends[1]);
      mark_modified(c, base);
    }
    tasks.emplace_back([c, &accuracy] {
      PointRunner runner(accuracy);
      return json(metrics_of(runner.run(c, "one", ""))).dump();
    });
  }
  std::vector<std::vector<json>> figures;
  for (const std::string& answer : run_isolated(tasks, parsed.values["jobs"].as<std::uint64_t>()))
    figures.push_back(json::parse(answer).get<std::vector<json>>());
  // Weight of a change on top of `before` others, of n: before! (n - before - 1)! / n!.
  const std::size_t n = changes.size();
  std::vector<double> weight(n);
  for (std::size_t before = 0; before < n; ++before) {
    weight[before] = 1.0 / static_cast<double>(n);
    for (std::size_t k = 0; k < before; ++k)
      weight[before] *= static_cast<double>(before - k) / static_cast<double>(n - 1 - k);
  }
  nlohmann::ordered_json out = {{"schema", "orrery/result/1"},
                                {"kind", "sweep-diff"},
                                {"a", points[0].ordinal},
                                {"b", points[1].ordinal},
                                {"figures", nlohmann::ordered_json::array()}};
  std::vector<std::vector<std::string>> table = {{"", "A", "B", "change"}};
  for (std::size_t i = 0; i < n; ++i) {
    const bool whole = changes[i][0].find('/', 1) == std::string::npos;
    const std::string suffix = whole ? "/name" : "";
    table[0].push_back(fmt::format("{}: {} -> {}", changes[i][0].substr(1),
                                   at_or_null(ends[0], changes[i][0] + suffix).dump(),
                                   at_or_null(ends[1], changes[i][0] + suffix).dump()));
  }
  for (const char* name : kExplained) {
    const std::size_t m = metric_index(name);
    const bool known =
        std::all_of(figures.begin(), figures.end(), [&](const auto& f) { return f[m].is_number(); });
    if (!known) continue;
    const double a = figures.front()[m].get<double>();
    const double b = figures.back()[m].get<double>();
    nlohmann::ordered_json row = {
        {"figure", name}, {"a", a}, {"b", b}, {"shares", nlohmann::ordered_json::array()}};
    std::vector<std::string> cells = {name, fmt::format("{:.4g}", a), fmt::format("{:.4g}", b),
                                      fmt::format("{:+.1f} %", 100 * (b / a - 1))};
    for (std::size_t i = 0; i < n; ++i) {
      double share = 0;
      for (std::size_t set = 0; set < figures.size(); ++set) {
        if ((set >> i & 1U) != 0) continue;
        const auto before = static_cast<std::size_t>(__builtin_popcountll(set));
        share += weight[before] *
                 (figures[set | (std::size_t{1} << i)][m].get<double>() - figures[set][m].get<double>());
      }
      row["shares"].push_back({{"input", changes[i][0]}, {"change", share}});
      cells.push_back(fmt::format("{:+.4g} ({:+.1f} %)", share, 100 * share / a));
    }
    out["figures"].push_back(row);
    table.push_back(cells);
  }
  print_result(format, out, [&] { return format_table(table); });
  return 0;
}

}  // namespace orrery
