#pragma once
// Reads a stored sweep: which results meet its constraints, how they stand by its objectives, and its front.

#include <map>
#include <string>
#include <vector>

#include "sim/study/result_store.h"
#include "sim/study/sweep_spec.h"

namespace orrery {

class SweepJudge {
 public:
  explicit SweepJudge(const StoredSweep& sweep);
  SweepJudge(const StoredSweep& sweep, std::vector<Objective> objectives,
             const std::vector<std::string>& constraints);

  const std::vector<Objective>& objectives() const { return objectives_; }
  // The point has a result that meets the constraints on outputs (and --where).
  bool accepts(const StoredPoint& point) const;
  // A figure of each objective, smaller is better; empty where the result lacks one.
  std::vector<double> objective_values(const StoredPoint& point) const;
  // The same; empty too where the point is not accepted.
  std::vector<double> figures(const StoredPoint& point) const;

  // Value of a key in the point's configuration.
  nlohmann::json value_of(const StoredPoint& point, const std::string& key) const;

 private:
  const StoredSweep& sweep_;
  std::vector<Objective> objectives_;
  std::vector<std::size_t> metrics_;  // of the objectives
  std::vector<Expression> constraints_;
  std::vector<std::string> names_ = metric_names();
  mutable std::map<std::pair<std::size_t, std::string>, std::string> pointers_;
};

std::vector<Objective> objectives_of(const StoredSweep& sweep);

// The whole configuration behind a stored point.
nlohmann::json configuration_of(const StoredSweep& sweep, std::size_t base, const nlohmann::json& inputs);

}  // namespace orrery
