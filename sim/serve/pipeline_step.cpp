#include "sim/serve/pipeline_step.h"

#include <utility>

namespace orrery {

void PipelineStep::add(Tally stage) {
  ++stages_;
  sum_ += stage;
  if (stage.seconds > slowest_.seconds || stages_ == 1) slowest_ = std::move(stage);
}

Tally PipelineStep::follow(std::uint64_t times, bool last) const {
  if (stages_ == 1) return slowest_.times(times);
  Tally path = slowest_.times(last ? times - 1 : times);
  if (last) path += sum_;
  return path.with_work_of(sum_.times(times), stages_);
}

Tally PipelineStep::round(std::uint64_t micro_batches) const {
  if (stages_ == 1) return slowest_.times(micro_batches);
  const Tally all = slowest_.times(micro_batches);
  const Tally& path = all.seconds >= sum_.seconds ? all : sum_;
  return path.with_work_of(sum_.times(micro_batches), stages_);
}

}  // namespace orrery
