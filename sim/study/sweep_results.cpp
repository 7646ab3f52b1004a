#include "sim/study/sweep_results.h"

#include <algorithm>

#include "sim/study/configuration.h"
#include "sim/study/configuration_key.h"
#include "sim/util/errors.h"

namespace orrery {

using nlohmann::json;

namespace {

std::vector<std::string> constraints_of(const StoredSweep& sweep) {
  return sweep.output_constraints.get<std::vector<std::string>>();
}

}  // namespace

std::vector<Objective> objectives_of(const StoredSweep& sweep) {
  std::vector<Objective> objectives;
  for (const json& o : sweep.objectives)
    objectives.push_back({o["metric"].get<std::string>(), o["maximise"].get<bool>()});
  return objectives;
}

json configuration_of(const StoredSweep& sweep, std::size_t base, const json& inputs) {
  const json& from = sweep.bases.at(base);
  return with_inputs(
      from, inputs, [&](const std::string& key, const json& value) { return resolve_key(from, key, value); });
}

SweepJudge::SweepJudge(const StoredSweep& sweep) : SweepJudge(sweep, objectives_of(sweep), {}) {}

SweepJudge::SweepJudge(const StoredSweep& sweep, std::vector<Objective> objectives,
                       const std::vector<std::string>& constraints)
    : sweep_(sweep), objectives_(std::move(objectives)) {
  for (const Objective& o : objectives_) metrics_.push_back(metric_index(o.metric));
  for (const std::string& text : constraints_of(sweep)) constraints_.emplace_back(text);
  for (const std::string& text : constraints) constraints_.emplace_back(text);
}

json SweepJudge::value_of(const StoredPoint& point, const std::string& key) const {
  const json inputs = json::parse(point.inputs);
  if (inputs.contains(key)) return inputs[key];
  const json& base = sweep_.bases.at(point.base);
  const auto pointer_of = [&](const std::string& k, const json& value) -> const std::string& {
    const auto [it, fresh] = pointers_.try_emplace({point.base, k});
    if (fresh) it->second = resolve_key(base, k, value);
    return it->second;
  };
  const std::string& at = pointer_of(key, nullptr);
  // Set under another spelling, or inside a value that an input sets.
  bool touched = false;
  for (const auto& [k, value] : inputs.items()) touched = touched || overlap(pointer_of(k, value), at);
  const json whole = touched ? configuration_of(sweep_, point.base, inputs) : json();
  const json& from = touched ? whole : base;
  const json::json_pointer place(at);
  return from.contains(place) ? from[place] : json(nullptr);
}

bool SweepJudge::accepts(const StoredPoint& point) const {
  if (point.result.status != PointStatus::done) return false;
  if (constraints_.empty()) return true;
  const NameValue names = [&](const std::string& name) -> json {
    const auto figure = std::find(names_.begin(), names_.end(), name);
    if (figure == names_.end()) return value_of(point, name);
    const auto& value = point.result.figures[static_cast<std::size_t>(figure - names_.begin())];
    return value ? json(*value) : json(nullptr);
  };
  for (const Expression& e : constraints_) {
    // A figure that a result has not breaks no constraint and meets none.
    for (const std::string& name : e.names()) {
      if (names(name).is_null()) return false;
    }
    if (!e.truth(names)) return false;
  }
  return true;
}

std::vector<double> SweepJudge::figures(const StoredPoint& point) const {
  return accepts(point) ? objective_values(point) : std::vector<double>();
}

std::vector<double> SweepJudge::objective_values(const StoredPoint& point) const {
  std::vector<double> values;
  for (std::size_t i = 0; i < objectives_.size(); ++i) {
    const auto& value = point.result.figures[metrics_[i]];
    if (!value) return {};
    values.push_back(objectives_[i].maximise ? -*value : *value);
  }
  return values;
}

}  // namespace orrery
