#pragma once
// One inference on one machine: prefill and decode steps of an operator stream, to time, energy and their
// parts.

#include <functional>

#include "sim/engine/operator_runner.h"
#include "sim/stats/run_result.h"
#include "sim/workload/operator_stream.h"

namespace orrery {

// Told as work goes on: a phase's name, steps done and (an estimate of) steps in all.
using Progress = std::function<void(const char* phase, std::uint64_t done, std::uint64_t total)>;

// Throws ConfigError when the model does not fit the machine's memory (how many bytes are missing), or the
// machine lacks the devices.
void check_fits(const StreamInfo& info, const ArchSpec& arch);

// `info` of the result is left for the caller, who owns the clocks. One call a process.
RunResult run_inference(const OperatorStream& stream, const ArchSpec& arch, const RunnerOptions& options,
                        const Progress& progress);

}  // namespace orrery
