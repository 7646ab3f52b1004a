#include "sim/study/sweep_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "sim/study/pareto.h"
#include "sim/study/point_evaluator.h"
#include "sim/study/sweep_nsga2.h"
#include "sim/study/sweep_results.h"
#include "sim/study/sweep_workloads.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

// A constraint that cannot be computed says of which sweep it is.
template <class Work>
auto of_sweep(const SweepSpec& spec, Work work) {
  try {
    return work();
  } catch (const ConfigError& error) {
    const std::string& where = error.diagnostics().front().where;
    throw ConfigError(where.empty() ? spec.file : where, error.diagnostics().front().message);
  }
}

// Points by their objectives.
class Ranked {
 public:
  void add(std::uint64_t ordinal, std::vector<double> figures) {
    ordinals_.push_back(ordinal);
    figures_.push_back(std::move(figures));
  }
  std::size_t size() const { return ordinals_.size(); }
  // Appends all but the best `room` to `out`; how many stay.
  std::size_t prune_to(std::size_t room, std::vector<std::uint64_t>& out) const {
    std::set<std::size_t> kept;
    if (room > 0) {
      for (const std::size_t i : best_by_fronts(figures_, room)) kept.insert(i);
    }
    for (std::size_t i = 0; i < size(); ++i) {
      if (kept.count(i) == 0) out.push_back(ordinals_[i]);
    }
    return kept.size();
  }

 private:
  std::vector<std::uint64_t> ordinals_;
  std::vector<std::vector<double>> figures_;
};

// Whom of the plan `roofline` does not leave to the sweep's own fidelity; null when stopped before it was
// known.
std::optional<std::vector<std::uint64_t>> prune(const SweepSpec& spec, ResultStore& store,
                                                const SweepOptions& options,
                                                const std::function<void(const SweepProgress&)>& progress,
                                                const std::atomic<bool>& stop) {
  SweepSpec coarse = spec;
  coarse.fidelity = Fidelity::roofline;
  SweepPlan plan(coarse);
  std::vector<SweepPoint> all = plan.points();
  PointEvaluator evaluator(coarse, plan, store, options, progress, stop, "roofline");
  evaluator.evaluate(all);
  if (evaluator.stopped()) return std::nullopt;
  const StoredSweep stored = stored_form(coarse);
  const SweepJudge judge(stored);
  // By workload: the points of a small model would drive out those of a large one.
  struct Candidates {
    Ranked good, doubtful;
    std::size_t without = 0;  // an objective
    std::size_t size() const { return good.size() + doubtful.size() + without; }
  };
  SweepWorkloads workloads(stored);
  std::vector<Candidates> candidates;
  std::vector<std::uint64_t> out;
  for (const SweepPoint& p : all) {
    if (!p.feasible) continue;
    StoredPoint point{p.ordinal, p.base, p.inputs.dump(), p.address, {}};
    if (const auto r = store.result(p.address)) point.result = *r;
    // What fails is left to fail where it is seen.
    if (point.result.status != PointStatus::done) continue;
    // What a bound breaks need not be broken by what it bounds (a power, a difference): such points come
    // last.
    const bool accepted = judge.accepts(point);
    const std::size_t workload = workloads.workload_of(point);
    if (workload == candidates.size()) candidates.emplace_back();
    Candidates& among = candidates[workload];
    std::vector<double> f = judge.objective_values(point);
    if (f.empty()) {
      ++among.without;
      out.push_back(p.ordinal);
    } else {
      (accepted ? among.good : among.doubtful).add(p.ordinal, std::move(f));
    }
  }
  std::size_t all_candidates = 0;
  for (const Candidates& c : candidates) all_candidates += c.size();
  if (all_candidates == out.size() && all_candidates > 0) {
    throw ConfigError(spec.file,
                      fmt::format("no result of {} points at roofline has all objectives: nothing to "
                                  "prune by",
                                  all_candidates));
  }
  for (const Candidates& c : candidates) {
    std::size_t room = static_cast<std::size_t>(
        std::max(1.0, std::ceil(spec.search.prune_keep * static_cast<double>(c.size()))));
    for (const Ranked* some : {&c.good, &c.doubtful}) room -= some->prune_to(room, out);
  }
  std::sort(out.begin(), out.end());
  return out;
}

// Each once, though several axes may set it under different conditions.
std::vector<std::string> keys_of(const SweepSpec& spec) {
  std::vector<std::string> keys;
  const auto add = [&](const std::string& key) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  };
  for (const SweepAxis& axis : spec.axes) {
    for (const AxisKey& k : axis.keys) add(k.key);
  }
  for (const DerivedKey& d : spec.derived) add(d.key);
  return keys;
}

}  // namespace

StoredSweep stored_form(const SweepSpec& spec) {
  StoredSweep s;
  s.id = spec.id();
  s.name = spec.name;
  s.title = spec.title;
  s.question = spec.question;
  s.keys = keys_of(spec);
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
  if (spec.search.method == SearchMethod::nsga2 && options.shards > 1)
    throw ConfigError(spec.file, "nsga2 goes from generation to generation: it has no shards");
  store.add_sweep(stored_form(spec));
  if (spec.search.method == SearchMethod::nsga2) {
    PointEvaluator evaluator(spec, plan, store, options, progress, stop, "nsga2");
    of_sweep(spec, [&] { search_nsga2(spec, plan, store, evaluator); });
    store.commit();
    return evaluator.summary();
  }
  std::vector<SweepPoint> mine;
  for (const SweepPoint& p : points) {
    if (p.ordinal % options.shards == options.shard) mine.push_back(p);
  }
  store.add_points(spec.id(), mine);
  store.commit();
  const std::size_t planned = mine.size();
  if (spec.search.prune_keep < 1) {
    const std::optional<std::vector<std::uint64_t>> pruned =
        of_sweep(spec, [&] { return prune(spec, store, options, progress, stop); });
    if (!pruned) {
      SweepSummary stopped;
      stopped.stopped = true;
      return stopped;
    }
    store.set_pruned(spec.id(), *pruned);
    store.commit();
    const std::set<std::uint64_t> gone(pruned->begin(), pruned->end());
    const auto is_gone = [&](const SweepPoint& p) { return gone.count(p.ordinal) != 0; };
    mine.erase(std::remove_if(mine.begin(), mine.end(), is_gone), mine.end());
  }
  PointEvaluator evaluator(spec, plan, store, options, progress, stop, to_string(spec.fidelity));
  evaluator.evaluate(mine);
  SweepSummary summary = evaluator.summary();
  summary.points = planned;
  summary.pruned = planned - mine.size();
  return summary;
}

}  // namespace orrery
