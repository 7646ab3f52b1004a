#pragma once
// The only way in: a question that has been posed, answered in this process. Results are complete: expected
// error and prices included.

#include "sim/engine/kernel_run.h"
#include "sim/serve/inference.h"
#include "sim/stats/run_result.h"
#include "sim/study/session.h"
#include "sim/train/training_run.h"

namespace orrery {

// A model's inference. Throws ConfigError, SimulationError.
RunResult evaluate(const Posed& question, Session& session, const Progress& progress = {});
// A recorded stream.
RunResult evaluate(const Posed& question, const OperatorStream& stream, Session& session,
                   const Progress& progress = {});
// One operator.
KernelResult evaluate(const Posed& question, const Operator& op, Session& session);

// What of it is simulated, on a runner that stands; and what completes that: a question that differs in
// prices alone is completed from another's. `streams`: see run_model.
RunResult simulated(const Posed& question, OperatorRunner& runner, const Progress& progress = {},
                    const StreamSource& streams = {});
void complete(RunResult& result, const Posed& question, const AccuracyTable& accuracy);

// A training iteration of a question's model.
TrainingResult evaluate(const Posed& question, const TrainingPlan& plan, Session& session,
                        const Progress& progress);

}  // namespace orrery
