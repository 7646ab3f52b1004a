#pragma once
// A training iteration as people get it.

#include <string>
#include <vector>

#include "sim/stats/run_result.h"

namespace orrery {

// Of the device that needs most; bytes.
struct TrainingMemory {
  std::uint64_t weights = 0, gradients = 0, optimizer = 0, activations = 0;
  std::uint64_t free = 0;  // of what can be allocated
  std::uint64_t total() const { return weights + gradients + optimizer + activations; }
};

// Of the iteration along its critical path; seconds.
struct TrainingTime {
  Figure forward = 0, backward = 0, recompute = 0;  // of the busiest device, all micro-batches
  Figure bubble = 0;                                // while it waits for others
  Figure gradients = 0;                             // exchanged, beyond what is hidden
  Figure optimizer = 0;
};

struct TrainingResult {
  std::string arch, model, dtype, fidelity, runtime = "ideal", recompute;
  std::uint32_t devices = 1;
  DivisionFigures division;
  std::uint64_t batch = 1, micro_batch = 1, sequence = 0, chunks = 1, zero = 0;
  Figure iteration_s = 0;
  Figure tokens_per_s = 0;
  Figure model_tflops = 0;     // per device: forward and backward
  Figure hardware_tflops = 0;  // per device: what is computed again included
  Figure utilization = 0;      // of the peak, by the model's
  TrainingTime time;
  TimeSplitSeconds where;  // of forward, backward and recompute of the busiest device
  TrainingMemory memory;
  std::uint64_t parameters = 0;
  EnergyBreakdown energy;
  Figure average_power_w = 0;
  RunInfo info;
};

}  // namespace orrery
