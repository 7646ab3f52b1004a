#pragma once
// One inference on one machine: prefill and decode steps of an operator stream, to time, energy and their
// parts.

#include <functional>

#include "sim/config/runtime_spec.h"
#include "sim/engine/operator_runner.h"
#include "sim/serve/batch_plan.h"
#include "sim/stats/run_result.h"
#include "sim/workload/operator_stream.h"

namespace orrery {

// Told as work goes on: a phase's name, steps done and (an estimate of) steps in all.
using Progress = std::function<void(const char* phase, std::uint64_t done, std::uint64_t total)>;

// `info` of the result is left for the caller, who owns the clocks. One call a process. `runtime`: what the
// software stack adds between kernels and on the host.
RunResult run_inference(const OperatorStream& stream, OperatorRunner& runner, const Progress& progress,
                        const RuntimeSpec& runtime = {});

// A model's inference as a stack runs it, in rounds where the cache asks for them.
// `streams`: where the graphs of a part of the scenario come from, for callers that run the same ones again;
// else they are generated.
using StreamSource = std::function<const OperatorStream&(const Scenario&)>;
RunResult run_model(const LlmSpec& llm, const Scenario& scenario, OperatorRunner& runner,
                    const RuntimeSpec& runtime, const Progress& progress, const StreamSource& streams = {});

}  // namespace orrery
