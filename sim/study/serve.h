#pragma once
// Requests served: a question's model on its machines, under a load.

#include <memory>

#include "sim/serve/inference.h"
#include "sim/serve/sizes_elsewhere.h"
#include "sim/serve/steady_state.h"
#include "sim/serve/step_oracle.h"
#include "sim/stats/serving_result.h"
#include "sim/study/session.h"

namespace orrery {

// A question's replicas, ready to be run again and again: what was simulated for one load is there for the
// next.
class ServingBench {
 public:
  // All must outlive it; `runner` is of the question's machine. Throws ConfigError.
  ServingBench(const Posed& question, const ServeRequest& request, OperatorRunner& runner);
  ~ServingBench();
  ServingResult run(const LoadSpec& load, const Progress& progress);
  // What all replicas and ranks come to by estimate when such requests keep coming, within the targets.
  SteadyState estimate(const LoadSpec& load);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// Sizes of the steps of a question's machine, simulated in a process of its own. `request`: whose overrides
// hold. What is referred to must outlive it.
std::unique_ptr<StepSizes> sizes_elsewhere(const Posed& question, const ServeRequest& request,
                                           const Session& session);

// What is served, on a runner that stands; and what completes that: a question that differs in prices alone
// is completed from another's.
ServingResult served(const Posed& question, const ServeRequest& request, OperatorRunner& runner,
                     const Progress& progress = {});
void complete(ServingResult& result, const Posed& question, const AccuracyTable& accuracy);

// Throws ConfigError, SimulationError.
ServingResult evaluate(const Posed& question, const ServeRequest& request, Session& session,
                       const Progress& progress = {});

}  // namespace orrery
