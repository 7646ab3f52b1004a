#include "sim/study/point_evaluator.h"

#include <algorithm>
#include <map>
#include <unordered_set>

namespace orrery {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kRooflineBatch = 250;
constexpr std::size_t kMostOfOneBatch = 250;

// Runs of one machine that share a process, and its kernels: the more the better, as long as each worker has
// some batches to the end.
std::size_t runs_of_a_batch(std::size_t tasks, std::size_t jobs) {
  constexpr std::size_t kLeast = 8;
  constexpr std::size_t kMost = 64;
  constexpr std::size_t kBatchesAWorker = 8;
  return std::clamp(tasks / (kBatchesAWorker * std::max<std::size_t>(1, jobs)), kLeast, kMost);
}

// Batches of tasks: at roofline any points, else some runs of one machine with all that prices them.
std::vector<std::vector<std::size_t>> batches_of(const std::vector<const SweepPoint*>& tasks,
                                                 Fidelity fidelity, std::size_t jobs) {
  std::vector<std::vector<std::size_t>> batches;
  if (fidelity == Fidelity::roofline) {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      if (i % kRooflineBatch == 0) batches.emplace_back();
      batches.back().push_back(i);
    }
    return batches;
  }
  // The machine's batch with room; a run that several points price goes with the first of them.
  struct Open {
    std::size_t batch = 0;
    std::size_t runs = 0;
  };
  const std::size_t most_runs = runs_of_a_batch(tasks.size(), jobs);
  std::map<std::string, Open> machines;
  std::map<std::string, std::size_t> runs;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto [run, first] = runs.try_emplace(tasks[i]->run, 0);
    if (first || batches[run->second].size() >= kMostOfOneBatch) {
      auto [open, fresh] = machines.try_emplace(tasks[i]->machine);
      if (fresh || open->second.runs >= most_runs || batches[open->second.batch].size() >= kMostOfOneBatch) {
        open->second = {batches.size(), 0};
        batches.emplace_back();
      }
      ++open->second.runs;
      run->second = open->second.batch;
    }
    batches[run->second].push_back(i);
  }
  return batches;
}

PointStatus status_of(TaskEnd end) {
  switch (end) {
    case TaskEnd::answered:
      return PointStatus::done;
    case TaskEnd::failed:
      return PointStatus::failed;
    case TaskEnd::crashed:
      return PointStatus::crashed;
    case TaskEnd::timed_out:
      return PointStatus::timed_out;
    case TaskEnd::out_of_memory:
      return PointStatus::out_of_memory;
  }
  return PointStatus::failed;
}

}  // namespace

PointEvaluator::PointEvaluator(const SweepSpec& spec, const SweepPlan& plan, ResultStore& store,
                               const SweepOptions& options,
                               const std::function<void(const SweepProgress&)>& progress,
                               const std::atomic<bool>& stop, const char* stage)
    : spec_(spec),
      plan_(plan),
      store_(store),
      options_(options),
      progress_(progress),
      stop_(stop),
      accuracy_(load_accuracy()),
      committed_(Clock::now()) {
  state_.stage = stage;
  accuracy_.origins();  // once, for all workers
}

void PointEvaluator::record(const SweepPoint& point, const TaskOutcome& outcome) {
  StoredResult r;
  r.status = status_of(outcome.end);
  r.wall_s = outcome.wall_s;
  if (outcome.end == TaskEnd::answered) {
    // Figures first, then the result: one line each.
    const std::size_t line = outcome.text.find('\n');
    const json figures =
        json::parse(outcome.text.begin(), outcome.text.begin() + static_cast<std::ptrdiff_t>(line));
    for (std::size_t m = 0; m < metrics().size(); ++m) {
      if (!figures[m].is_null()) r.figures[m] = figures[m].get<double>();
    }
    r.json = outcome.text.substr(line + 1);
  } else {
    r.error = outcome.text;
    ++state_.failed;
  }
  store_.record(point.address, r);
}

// Takes out what need not be run to be known wrong. A bound is as quickly found to be none.
void PointEvaluator::refuse_known(std::vector<const SweepPoint*>& tasks) {
  if (spec_.fidelity == Fidelity::roofline) return;
  std::vector<const SweepPoint*> good;
  for (const SweepPoint* p : tasks) {
    const std::string why = refusal(plan_.configuration(*p));
    if (why.empty()) {
      good.push_back(p);
      continue;
    }
    TaskOutcome outcome;
    outcome.end = TaskEnd::failed;
    outcome.text = why;
    record(*p, outcome);
    ++summary_.run;
  }
  tasks = std::move(good);
}

void PointEvaluator::evaluate(const std::vector<SweepPoint>& points) {
  const std::unordered_set<std::string> settled = store_.settled(points);
  std::unordered_set<std::string> taken;
  std::vector<const SweepPoint*> tasks;
  summary_.points += points.size();
  for (const SweepPoint& p : points) {
    if (!p.feasible) {
      ++summary_.infeasible;
    } else if (settled.count(p.address) != 0) {
      ++summary_.reused;
    } else if (taken.insert(p.address).second) {
      tasks.push_back(&p);
    } else {
      ++summary_.reused;  // the same configuration by another way
    }
  }
  refuse_known(tasks);
  state_.total += points.size();
  state_.done += points.size() - tasks.size();
  const MakeWorker make = [&]() -> Worker {
    const auto runner = std::make_shared<PointRunner>(accuracy_, options_.use_store);
    return [this, runner, &tasks](std::size_t task) {
      const SweepPoint& p = *tasks[task];
      const json result = runner->run(plan_.configuration(p), p.machine, p.run);
      return json(metrics_of(result)).dump() + "\n" + result.dump();
    };
  };
  const auto done = [&](const TaskOutcome& outcome) {
    record(*tasks[outcome.task], outcome);
    ++state_.done;
    ++summary_.run;
  };
  constexpr std::chrono::milliseconds kBetweenCommits{200};
  const auto idle = [&] {
    if (Clock::now() - committed_ >= kBetweenCommits) {
      store_.commit();
      committed_ = Clock::now();
    }
    progress_(state_);
  };
  const SameFate same_run = [&](std::size_t a, std::size_t b) { return tasks[a]->run == tasks[b]->run; };
  run_workers(batches_of(tasks, spec_.fidelity, options_.limits.jobs), options_.limits, make, same_run, done,
              idle, stop_);
  store_.commit();
  progress_(state_);
  summary_.stopped = stop_;
}

}  // namespace orrery
