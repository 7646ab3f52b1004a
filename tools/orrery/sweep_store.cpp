// orrery sweep status, export, merge: what a result store holds.

#include <fmt/format.h>

#include <iostream>

#include "sim/report/csv.h"
#include "sim/study/configuration.h"
#include "sim/study/sweep_results.h"
#include "tools/orrery/output.h"
#include "tools/orrery/sweep_commands.h"

namespace orrery {
namespace {

using nlohmann::ordered_json;

// Header and rows: base, the sweep's keys, status, figures, error.
void write_csv(const StoredSweep& sweep, ResultStore& store, const SweepJudge& judge, bool only_accepted) {
  std::string line = "point,base";
  for (const std::string& key : sweep.keys) line += "," + csv_quoted(key);
  line += ",status";
  for (const Metric& m : metrics()) line += fmt::format(",{}", m.name);
  std::cout << line << ",error\n";
  std::vector<std::string> labels = labels_of(sweep.bases);
  for (std::string& l : labels) l = csv_quoted(l);
  store.each_point(sweep.id, false, [&](const StoredPoint& p) {
    if (only_accepted && !judge.accepts(p)) return;
    line = fmt::format("{},{}", p.ordinal, labels.at(p.base));
    const nlohmann::json inputs = nlohmann::json::parse(p.inputs);
    for (const std::string& key : sweep.keys)
      line += "," + csv_quoted(inputs.contains(key) ? in_a_cell(inputs[key]) : "");
    line += ',';
    line += to_string(p.result.status);
    for (std::size_t m = 0; m < metrics().size(); ++m) {
      line += ',';
      if (const auto& value = p.result.figures[m]) fmt::format_to(std::back_inserter(line), "{}", *value);
    }
    std::cout << line << ',' << csv_quoted(p.result.error) << '\n';
  });
}

void write_json(const StoredSweep& sweep, ResultStore& store, const SweepJudge& judge, bool only_accepted,
                bool with_configuration) {
  const std::vector<std::string> labels = labels_of(sweep.bases);
  std::cout << "[";
  bool first = true;
  store.each_point(sweep.id, true, [&](const StoredPoint& p) {
    if (only_accepted && !judge.accepts(p)) return;
    ordered_json row = {{"point", p.ordinal},
                        {"base", labels.at(p.base)},
                        {"inputs", ordered_json::parse(p.inputs)},
                        {"address", p.address},
                        {"status", to_string(p.result.status)}};
    if (!p.result.error.empty()) row["error"] = p.result.error;
    if (!p.result.json.empty()) row["result"] = ordered_json::parse(p.result.json);
    if (with_configuration) {
      row["configuration"] = configuration_of(sweep, p.base, nlohmann::json::parse(p.inputs));
      if (row.contains("result")) row["configuration"]["fidelity"] = row["result"]["fidelity"];
    }
    std::cout << (first ? "\n" : ",\n") << row.dump();
    first = false;
  });
  std::cout << "\n]\n";
}

}  // namespace

po::options_description result_store_options() {
  po::options_description options("Options");
  options.add_options()                                                                                   //
      ("db", po::value<std::string>()->required()->value_name("FILE"), "result store (may stand alone)")  //
      ("sweep", po::value<std::string>()->default_value("")->value_name("NAME"),
       "by name or id, where the store holds several");
  return options;
}

std::string in_a_cell(const nlohmann::json& value) {
  return value.is_string() ? value.get<std::string>() : value.is_null() ? "" : value.dump();
}

void check_conditions(const std::vector<std::string>& conditions) {
  for (const std::string& text : conditions) Expression{text};
}

int sweep_status_command(const Arguments& arguments) {
  po::options_description options = result_store_options();
  const ParsedOptions parsed =
      parse_options(arguments, options,
                    "orrery sweep status FILE\nHow far each sweep of a result store is, and what failed.",
                    "  orrery sweep status results.db\n", "db");
  if (parsed.help) return 0;
  ResultStore store(parsed.values["db"].as<std::string>(), ResultStore::Access::read);
  const std::string which = parsed.values["sweep"].as<std::string>();
  const std::vector<StoredSweep> sweeps = which.empty() ? store.sweeps() : std::vector{store.sweep(which)};
  constexpr std::size_t kMostFailures = 10;
  for (const StoredSweep& s : sweeps) {
    std::cout << fmt::format("{} ({})", s.name, s.id);
    for (const auto& [status, count] : store.counts(s.id))
      std::cout << fmt::format(", {} {}", count, to_string(status));
    std::cout << fmt::format("; {:.4g} s of work\n", store.wall_s(s.id));
    std::size_t shown = 0;
    store.each_point(s.id, false, [&](const StoredPoint& p) {
      if (p.result.error.empty()) return;
      if (shown++ < kMostFailures)
        std::cout << fmt::format("  {} {}: {}: {}\n", p.ordinal, p.inputs, to_string(p.result.status),
                                 p.result.error);
    });
    if (shown > kMostFailures) std::cout << fmt::format("  and {} more\n", shown - kMostFailures);
  }
  if (sweeps.empty()) std::cout << "no sweep yet\n";
  return 0;
}

int sweep_export_command(const Arguments& arguments) {
  po::options_description options = result_store_options();
  options.add_options()                                                 //
      ("csv", "a row a point (the default)")                            //
      ("json", "an object a point, with its whole result")              //
      ("configuration", "with --json: all that the result depends on")  //
      ("where", po::value<std::vector<std::string>>()->value_name("CONDITION"),
       "only points that are done and for which it holds, e.g. 'ttft_s < 1 and scenario.batch >= 8'");
  const ParsedOptions parsed = parse_options(
      arguments, options,
      "orrery sweep export FILE [--csv | --json]\nAll points of a sweep in their order, with their results.",
      "  orrery sweep export results.db > results.csv\n"
      "  orrery sweep export results.db --json --where 'ttft_s < 1'\n",
      "db");
  if (parsed.help) return 0;
  ResultStore store(parsed.values["db"].as<std::string>(), ResultStore::Access::read);
  const StoredSweep sweep = store.sweep(parsed.values["sweep"].as<std::string>());
  const std::vector<std::string> where = all_given(parsed.values, "where");
  check_conditions(where);
  const SweepJudge judge(sweep, {}, where);
  if (parsed.values.count("json") != 0) {
    write_json(sweep, store, judge, !where.empty(), parsed.values.count("configuration") != 0);
  } else {
    write_csv(sweep, store, judge, !where.empty());
  }
  return 0;
}

int sweep_merge_command(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()  //
      ("files", po::value<std::vector<std::string>>()->required()->value_name("FILE"),
       "the store to write, then those to add to it (stand alone)");
  const ParsedOptions parsed =
      parse_options(arguments, options,
                    "orrery sweep merge INTO FILE ...\nAdds all that the other stores hold to the first.",
                    "  orrery sweep merge all.db part-1.db part-2.db\n", "files");
  if (parsed.help) return 0;
  const auto files = parsed.values["files"].as<std::vector<std::string>>();
  if (files.size() < 2) throw UsageError("merge needs the store to write and at least one to add");
  for (std::size_t i = 1; i < files.size(); ++i) {
    const ResultStore check(files[i], ResultStore::Access::read);
  }
  ResultStore store(files[0], ResultStore::Access::write);
  for (std::size_t i = 1; i < files.size(); ++i) store.merge(files[i]);
  for (const StoredSweep& s : store.sweeps()) {
    std::cout << s.name;
    for (const auto& [status, count] : store.counts(s.id))
      std::cout << fmt::format(", {} {}", count, to_string(status));
    std::cout << '\n';
  }
  return 0;
}

}  // namespace orrery
