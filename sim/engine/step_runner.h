#pragma once
// The engine's door: runs a step of an inference on a machine, and what its software adds to one.

#include "sim/config/runtime_spec.h"
#include "sim/engine/graph_runner.h"

namespace orrery {

// A step's tally with what the software adds: gaps between kernels, and the host's work that the device waits
// for; `together`: several devices run it.
Tally with_software(Tally step, const RuntimeSpec& runtime, std::uint64_t sequences, bool together = false);

class StepRunner {
 public:
  // Both must outlive it.
  StepRunner(OperatorRunner& runner, const RuntimeSpec& runtime);

  // A step of `sequences` sequences, whose graph this is. It begins with nothing on chip but what its own
  // operators bring: the weights of a whole model have passed through since the step before. `costs`, where
  // asked for: of each operator, gaps between kernels left out.
  Tally run(const OperatorGraph& graph, std::uint64_t sequences, std::vector<OperatorCost>* costs = nullptr);

 private:
  const ArchSpec& arch_;
  GraphRunner graphs_;
  const RuntimeSpec& runtime_;
  Bytes on_chip_bytes_;
};

}  // namespace orrery
