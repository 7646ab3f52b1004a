#pragma once
// A software stack that runs a model on a machine: what it costs on the host and what it fuses. Few numbers,
// each with a physical meaning; shared by all machines.

#include <string>
#include <vector>

namespace orrery {

struct RuntimeSpec {
  std::string name = "ideal";
  double launch_us = 0;          // host's clock: from calling one kernel to knowing it done, the kernel left out
  double kernel_gap_us = 0;      // between kernels that follow each other in a stream or a graph
  double step_us = 0;            // host work of a step (schedule, inputs, sampling) that the device waits for
  double sequence_us = 0;        // of that, a sequence of the batch
  double kv_memory_fraction = 0; // of memory left after weights and activations, for paged KV; 0 = all must fit
  bool preempts = false;         // sequences that no longer fit are recomputed
};

}  // namespace orrery
