#pragma once
// What is simulated for a published figure: a model or its training, requests, an operator stream or one
// operator on a machine, and one figure of the result.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/describe/fields.h"
#include "sim/study/session.h"
#include "sim/study/training_part.h"

namespace orrery {

struct AskedRun {
  std::string arch, model, trace, runtime, node;
  nlohmann::json op;                     // one operator: its op, dtype and the extents of its shape
  nlohmann::json scenario;               // as a configuration's
  nlohmann::json serving;                // requests, in place of one batch
  std::optional<TrainingPart> training;  // an iteration of it in place of an inference
  std::vector<std::string> changes;      // KEY=VALUE
  std::string metric = "latency_s";      // as sweeps name them, or a place in the result (/energy_j/dram)
  bool operator==(const AskedRun& other) const;
};
template <>
const Table& table_of<AskedRun>();

// Throws ConfigError where it does not say what is run, or a metric that there is not.
void check(const AskedRun& run);
// Throws ConfigError, SimulationError.
double figure_of(const AskedRun& run, Session& session);

}  // namespace orrery
