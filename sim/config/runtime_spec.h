#pragma once
// A software stack that runs a model on a machine: what it costs on the host and what it fuses. Few numbers,
// each with a physical meaning; shared by all machines.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/config/serving_limits.h"

namespace orrery {

struct RuntimeSpec {
  std::string name = "ideal";
  // One operator called and timed by the host, again and again: its call's cost plus its time on the device,
  // and never less than the host needs for a call. `framework_operators` go through more of the framework.
  double call_us = 0, least_call_us = 0;
  double framework_call_us = 0, framework_least_call_us = 0;
  std::vector<std::string> framework_operators;
  double kernel_gap_us = 0;  // between kernels that follow each other in a stream or a graph
  double step_us = 0;        // host work of a step (schedule, inputs, sampling) that the device waits for
  double sequence_us = 0;    // of that, a sequence of the batch
  double group_us = 0;       // of that, where devices run the step together: inputs are sent to their workers
  std::uint64_t token_budget = 8192;  // tokens a step of the prompts takes at most
  // Of a device's memory, what the stack may fill; the KV cache takes what weights and activations leave of
  // it. 0 = no paging: a batch must fit whole.
  double kv_memory_fraction = 0;
  bool own_collectives = false;    // all-reduces inside a node, beside the library's
  bool older_collectives = false;  // of the library of 2023, where a node says what those cost
  bool scalar_rows = false;        // row kernels whose threads load an element each
  // Since which version and date of which product it is so: "vllm", "0.14", "2026-01".
  std::string product, from_version, from_date;
  ServingEngine engine = ServingEngine::any;  // whose attention kernels run, where a library knows them
  ServingKeys serving;                        // of requests
  bool preempts = false;                      // sequences that no longer fit are recomputed
  std::vector<FusedOperator> fused;  // that run as parts of others, beside those that the machine fuses
  std::vector<FusedOperator> apart;  // that are kernels of their own, though the machine could fuse them

  // How a machine carries operators out under it.
  ExecutionSpec on(ExecutionSpec machine) const {
    machine.fused.insert(machine.fused.end(), fused.begin(), fused.end());
    machine.apart = apart;
    machine.engine_collectives = own_collectives;
    machine.older_collectives = older_collectives;
    machine.scalar_rows = scalar_rows;
    machine.engine = engine;
    return machine;
  }

  // Microseconds by the host's clock of an operator that takes `device_us`.
  double by_the_host(const std::string& op, double device_us) const {
    for (const std::string& named : framework_operators) {
      if (named == op) return std::max(framework_least_call_us, framework_call_us + device_us);
    }
    return std::max(least_call_us, call_us + device_us);
  }
};

}  // namespace orrery
