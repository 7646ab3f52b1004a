#include "sim/explore/sweep_run.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "sim/explore/pareto.h"
#include "sim/explore/point_evaluator.h"
#include "sim/explore/sweep_nsga2.h"
#include "sim/explore/sweep_results.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

// Who of the plan `roofline` leaves to the sweep's own fidelity; the others' ordinals.
std::vector<std::uint64_t> prune(const SweepSpec& spec, ResultStore& store, const SweepOptions& options,
                                 const std::function<void(const SweepProgress&)>& progress,
                                 const std::atomic<bool>& stop, SweepSummary& summary) {
  SweepSpec coarse = spec;
  coarse.fidelity = Fidelity::roofline;
  SweepPlan plan(coarse);
  std::vector<SweepPoint> all = plan.points();
  PointEvaluator evaluator(coarse, plan, store, options, progress, stop, "roofline");
  evaluator.evaluate(all);
  summary.stopped = evaluator.stopped();
  if (summary.stopped) return {};
  const StoredSweep stored = stored_form(coarse);
  const SweepJudge judge(stored);
  std::vector<std::vector<double>> figures;
  std::vector<std::uint64_t> ordinals;
  std::vector<std::uint64_t> out;
  for (const SweepPoint& p : all) {
    if (!p.feasible) continue;
    StoredPoint point{p.ordinal, p.base, p.inputs.dump(), p.address, {}};
    if (const auto r = store.result(p.address)) point.result = *r;
    std::vector<double> f = judge.figures(point);
    // A bound that breaks a constraint is broken by what it bounds all the more.
    if (f.empty()) {
      out.push_back(p.ordinal);
      continue;
    }
    figures.push_back(std::move(f));
    ordinals.push_back(p.ordinal);
  }
  const auto keep = static_cast<std::size_t>(
      std::max(1.0, std::ceil(spec.search.prune_keep * static_cast<double>(figures.size()))));
  std::set<std::size_t> kept;
  for (const std::size_t i : best_by_fronts(figures, keep)) kept.insert(i);
  for (std::size_t i = 0; i < figures.size(); ++i) {
    if (kept.count(i) == 0) out.push_back(ordinals[i]);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

StoredSweep stored_form(const SweepSpec& spec) {
  StoredSweep s;
  s.id = spec.id();
  s.name = spec.name;
  s.bases = spec.bases;
  s.objectives = nlohmann::json::array();
  for (const Objective& o : spec.objectives)
    s.objectives.push_back({{"metric", o.metric}, {"maximise", o.maximise}});
  s.output_constraints = nlohmann::json::array();
  for (const Expression& e : spec.output_constraints) s.output_constraints.push_back(e.text());
  return s;
}

SweepSummary run_sweep(const SweepSpec& spec, SweepPlan& plan, const std::vector<SweepPoint>& points,
                       ResultStore& store, const SweepOptions& options,
                       const std::function<void(const SweepProgress&)>& progress,
                       const std::atomic<bool>& stop) {
  SweepSummary summary;
  if (spec.search.method == SearchMethod::nsga2) {
    if (options.shards > 1)
      throw ConfigError(spec.file, "nsga2 goes from generation to generation: it has no shards");
    store.add_sweep(spec);
    PointEvaluator evaluator(spec, plan, store, options, progress, stop, "nsga2");
    search_nsga2(spec, plan, store, evaluator);
    summary = evaluator.summary();
    store.commit();
    return summary;
  }
  store.add_sweep(spec);
  std::vector<SweepPoint> mine;
  for (const SweepPoint& p : points) {
    if (p.ordinal % options.shards == options.shard) mine.push_back(p);
  }
  store.add_points(spec.id(), mine);
  store.commit();
  if (spec.search.prune_keep < 1) {
    const std::vector<std::uint64_t> pruned = prune(spec, store, options, progress, stop, summary);
    if (summary.stopped) return summary;
    store.set_pruned(spec.id(), pruned);
    store.commit();
    const std::set<std::uint64_t> gone(pruned.begin(), pruned.end());
    const auto is_gone = [&](const SweepPoint& p) { return gone.count(p.ordinal) != 0; };
    const auto before = mine.size();
    mine.erase(std::remove_if(mine.begin(), mine.end(), is_gone), mine.end());
    summary.pruned = before - mine.size();
  }
  PointEvaluator evaluator(spec, plan, store, options, progress, stop, to_string(spec.fidelity));
  evaluator.evaluate(mine);
  const std::uint64_t pruned = summary.pruned;
  summary = evaluator.summary();
  summary.pruned = pruned;
  summary.points += pruned;
  return summary;
}

}  // namespace orrery
