#pragma once
// Sees to it that points have results: what the store holds is taken, the rest is run by workers, each result
// recorded as it comes.

#include <chrono>

#include "sim/study/point_runner.h"
#include "sim/study/sweep_run.h"

namespace orrery {

class PointEvaluator {
 public:
  PointEvaluator(const SweepSpec& spec, const SweepPlan& plan, ResultStore& store,
                 const SweepOptions& options, const std::function<void(const SweepProgress&)>& progress,
                 const std::atomic<bool>& stop, const char* stage);

  void evaluate(const std::vector<SweepPoint>& points);
  bool stopped() const { return stop_; }
  const SweepSummary& summary() const { return summary_; }

 private:
  const SweepSpec& spec_;
  const SweepPlan& plan_;
  ResultStore& store_;
  const SweepOptions& options_;
  const std::function<void(const SweepProgress&)>& progress_;
  const std::atomic<bool>& stop_;
  AccuracyTable accuracy_;
  SweepProgress state_;
  SweepSummary summary_;
  std::chrono::steady_clock::time_point committed_;

  void refuse_known(std::vector<const SweepPoint*>& tasks);
  void record(const SweepPoint& point, const TaskOutcome& outcome);
};

}  // namespace orrery
