// orrery sweep pareto: who is beaten by nobody, on each workload or over all of them.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "sim/report/text_table.h"
#include "sim/study/configuration.h"
#include "sim/study/pareto.h"
#include "sim/study/sweep_workloads.h"
#include "tools/orrery/output.h"
#include "tools/orrery/sweep_commands.h"

namespace orrery {
namespace {

using nlohmann::ordered_json;

// A point that meets the constraints, with its figures.
struct FrontCandidate {
  std::uint64_t ordinal = 0;
  std::size_t workload = 0, design = 0;
  std::vector<double> figures;
};

std::vector<Objective> objectives_from(const po::variables_map& values, const StoredSweep& sweep) {
  std::vector<Objective> objectives;
  for (const auto& [option, maximise] : {std::pair{"minimise", false}, std::pair{"maximise", true}}) {
    for (const std::string& name : all_given(values, option)) {
      metric(name);
      objectives.push_back({name, maximise});
    }
  }
  if (objectives.empty()) objectives = objectives_of(sweep);
  if (objectives.empty()) throw UsageError("the sweep has no objectives; give --minimise or --maximise");
  return objectives;
}

// Columns: those of the point, its inputs, and figures by their names.
class FrontTable {
 public:
  FrontTable(ResultStore& store, const StoredSweep& sweep, bool with_workload,
             std::vector<std::string> figures)
      : store_(store), sweep_(sweep), with_workload_(with_workload), figures_(std::move(figures)) {
    std::vector<std::string> head = {"point", "base"};
    if (with_workload_) head.emplace_back("workload");
    for (const std::string& key : sweep.keys) head.push_back(key);
    for (const std::string& name : figures_) head.push_back(name);
    table_.push_back(head);
  }

  void add(std::uint64_t ordinal, const std::string& workload, const std::vector<double>& figures) {
    const StoredPoint p = store_.point(sweep_.id, ordinal);
    const nlohmann::json inputs = nlohmann::json::parse(p.inputs);
    ordered_json row = {{"point", ordinal}, {"base", labels_.at(p.base)}};
    std::vector<std::string> cells = {std::to_string(ordinal), labels_.at(p.base)};
    if (with_workload_) {
      row["workload"] = workload;
      cells.push_back(workload);
    }
    for (const std::string& key : sweep_.keys) {
      row[key] = inputs.contains(key) ? inputs[key] : nlohmann::json(nullptr);
      cells.push_back(inputs.contains(key) ? in_a_cell(inputs[key]) : "-");
    }
    for (std::size_t i = 0; i < figures.size(); ++i) {
      row[figures_[i]] = figures[i];
      cells.push_back(fmt::format("{:.4g}", figures[i]));
    }
    rows_.push_back(row);
    table_.push_back(cells);
  }

  const std::vector<ordered_json>& rows() const { return rows_; }
  std::string text() const { return format_table(table_); }

 private:
  ResultStore& store_;
  const StoredSweep& sweep_;
  bool with_workload_;
  std::vector<std::string> figures_;
  const std::vector<std::string> labels_ = labels_of(sweep_.bases);
  std::vector<ordered_json> rows_;
  std::vector<std::vector<std::string>> table_;
};

std::vector<std::vector<double>> figures_of(const std::vector<const FrontCandidate*>& among) {
  std::vector<std::vector<double>> figures;
  for (const FrontCandidate* c : among) figures.push_back(c->figures);
  return figures;
}

std::vector<std::string> names_of(const std::vector<Objective>& objectives, const std::string& after) {
  std::vector<std::string> names;
  for (const Objective& o : objectives) names.push_back(o.metric + after);
  return names;
}

std::vector<double> as_they_are(const std::vector<double>& figures,
                                const std::vector<Objective>& objectives) {
  std::vector<double> values;
  for (std::size_t i = 0; i < figures.size(); ++i)
    values.push_back(objectives[i].maximise ? -figures[i] : figures[i]);
  return values;
}

// Of each workload the points that no other of it beats; of all together with `across`.
FrontTable fronts(ResultStore& store, const StoredSweep& sweep, const std::vector<FrontCandidate>& candidates,
                  const std::vector<Objective>& objectives, SweepWorkloads& workloads, bool across) {
  FrontTable table(store, sweep, workloads.workloads() > 1, names_of(objectives, ""));
  const std::size_t groups = across ? 1 : workloads.workloads();
  for (std::size_t w = 0; w < groups; ++w) {
    std::vector<const FrontCandidate*> among;
    for (const FrontCandidate& c : candidates) {
      if (across || c.workload == w) among.push_back(&c);
    }
    for (const std::size_t i : pareto_front(figures_of(among)))
      table.add(among[i]->ordinal, workloads.in_words(among[i]->workload),
                as_they_are(among[i]->figures, objectives));
  }
  return table;
}

// Of designs that ran every workload, those that no other beats in its scores; by their first points.
FrontTable scored(ResultStore& store, const StoredSweep& sweep, const std::vector<FrontCandidate>& candidates,
                  const std::vector<Objective>& objectives, std::size_t workloads, WorkloadScore score,
                  const std::string& file) {
  std::map<std::size_t, std::vector<const FrontCandidate*>> designs;
  for (const FrontCandidate& c : candidates) designs[c.design].push_back(&c);
  std::vector<std::vector<const FrontCandidate*>> whole;  // by workload
  for (auto& [design, points] : designs) {
    if (points.size() != workloads) continue;
    std::sort(points.begin(), points.end(),
              [](const FrontCandidate* a, const FrontCandidate* b) { return a->workload < b->workload; });
    whole.push_back(points);
  }
  if (whole.empty())
    throw ConfigError(file,
                      fmt::format("no design has a result that counts on each of {} workloads", workloads));
  std::vector<std::vector<double>> scores(whole.size());
  for (std::size_t o = 0; o < objectives.size(); ++o) {
    std::vector<double> best(workloads, std::numeric_limits<double>::infinity());
    for (const auto& points : whole) {
      for (std::size_t w = 0; w < workloads; ++w) best[w] = std::min(best[w], points[w]->figures[o]);
    }
    for (std::size_t d = 0; d < whole.size(); ++d) {
      std::vector<double> figures;
      for (const FrontCandidate* c : whole[d]) figures.push_back(c->figures[o]);
      scores[d].push_back(score_over(figures, best, score));
      if (std::isnan(scores[d].back()))
        throw ConfigError(file, "'" + objectives[o].metric + "' is 0 or changes its sign: it has no score");
    }
  }
  FrontTable table(store, sweep, false, names_of(objectives, fmt::format(" ({})", to_string(score))));
  for (const std::size_t i : pareto_front(scores)) table.add(whole[i].front()->ordinal, "", scores[i]);
  return table;
}

}  // namespace

int sweep_pareto_command(const Arguments& arguments) {
  po::options_description options = result_store_options();
  options.add_options()  //
      ("minimise,m", po::value<std::vector<std::string>>()->value_name("FIGURE"),
       "instead of the sweep's objectives")  //
      ("maximise,M", po::value<std::vector<std::string>>()->value_name("FIGURE"),
       "the same, larger is better")  //
      ("where", po::value<std::vector<std::string>>()->value_name("CONDITION"),
       "only points for which it holds")                        //
      ("across", "one front over all workloads, not one each")  //
      ("score", po::value<std::string>()->value_name("S"),
       "designs over all workloads: geomean or worst of each figure over the best of its workload");
  add_format(options);
  const ParsedOptions parsed = parse_options(
      arguments, options,
      "orrery sweep pareto FILE\nThe points that meet the constraints and that none of their workload (model "
      "and "
      "lengths) beats in all objectives.",
      "  orrery sweep pareto results.db\n"
      "  orrery sweep pareto results.db --score geomean\n"
      "  orrery sweep pareto results.db -m latency_s -m energy_per_token_j --where 'area_mm2 < 400'\n",
      "db");
  if (parsed.help) return 0;
  const po::variables_map& values = parsed.values;
  const OutputFormat format = format_from(values);
  const bool across = values.count("across") != 0;
  const std::string score = given(values, "score");
  if (across && !score.empty()) throw UsageError("--across and --score: one of the two");
  const auto how = named<WorkloadScore>(score.empty() ? "geomean" : score, "--score");
  const std::string file = values["db"].as<std::string>();
  ResultStore store(file, ResultStore::Access::read);
  const StoredSweep sweep = store.sweep(values["sweep"].as<std::string>());
  const std::vector<Objective> objectives = objectives_from(values, sweep);
  const std::vector<std::string> where = all_given(values, "where");
  check_conditions(where);
  const SweepJudge judge(sweep, objectives, where);
  SweepWorkloads workloads(sweep);
  std::vector<FrontCandidate> candidates;
  std::uint64_t done = 0;
  store.each_point(sweep.id, false, [&](const StoredPoint& p) {
    done += p.result.status == PointStatus::done ? 1 : 0;
    std::vector<double> f = judge.figures(p);
    if (f.empty()) return;
    candidates.push_back(
        {p.ordinal, workloads.workload_of(p), score.empty() ? 0 : workloads.design_of(p), std::move(f)});
  });
  if (candidates.empty()) {
    std::string tests;
    for (const auto& c : sweep.output_constraints)
      tests += (tests.empty() ? "" : ", ") + c.get<std::string>();
    for (const std::string& c : where) tests += (tests.empty() ? "" : ", ") + c;
    throw ConfigError(file, done == 0
                                ? "no point is done yet"
                                : fmt::format("none of {} results has all objectives and meets {}", done,
                                              tests.empty() ? "the constraints" : "'" + tests + "'"));
  }
  const FrontTable table =
      score.empty() ? fronts(store, sweep, candidates, objectives, workloads, across)
                    : scored(store, sweep, candidates, objectives, workloads.workloads(), how, file);
  const std::string of = workloads.workloads() == 1 || across ? ""
                         : score.empty() ? fmt::format(" on their workload, of {}", workloads.workloads())
                                         : fmt::format(" over {} workloads", workloads.workloads());
  print_result(format, table.rows(), [&] {
    return fmt::format("{}: {} of {} points that meet the constraints are beaten by none{}\n{}\n",
                       sweep.title, table.rows().size(), candidates.size(), of, sweep.question) +
           table.text();
  });
  return 0;
}

}  // namespace orrery
