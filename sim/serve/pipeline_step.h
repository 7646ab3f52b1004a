#pragma once
// A step that goes through the stages of a pipeline, and how steps follow each other through it: a stage
// takes the next step as soon as it has sent the one before.

#include <cstdint>

#include "sim/stats/tally.h"

namespace orrery {

class PipelineStep {
 public:
  // What the next stage takes for it.
  void add(Tally stage);

  // `times` of it behind each other: the pace is the slowest stage's. `last`: the last of them leaves the
  // pipeline too, which takes the other stages' time.
  Tally follow(std::uint64_t times, bool last) const;
  // `micro_batches` of it, each of which starts again when it has left the pipeline: from one start of all to
  // the next.
  Tally round(std::uint64_t micro_batches) const;

 private:
  std::uint64_t stages_ = 0;
  Tally sum_;      // of all stages
  Tally slowest_;  // stage
};

}  // namespace orrery
