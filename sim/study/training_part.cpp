#include "sim/study/training_part.h"

#include "sim/study/configured.h"

namespace orrery {

template <>
const Table& table_of<TrainingPart>() {
  static const Table table = [] {
    using P = TrainingPart;
    Fields<P> f("an iteration of training", Bears::none);
    f.key("micro_batch", &P::micro_batch, "sequences", "that go through a replica at once")
        .range(1, 16777216);
    f.key("interleave", &P::interleave, "", "chunks of layers on each stage of a pipeline").range(1, 1024);
    f.key("zero", &P::zero, "", "what replicas share: 1 optimizer states, 2 gradients too, 3 weights too")
        .range(0, 3);
    f.key("recompute", &P::recompute, "", "what backward passes compute again");
    f.key("gradients", &P::gradients, "", "format in which gradients of weights are summed and exchanged");
    f.key("overlaps", &P::overlaps, "", "gradients are exchanged beside the backward pass");
    return Table(f);
  }();
  return table;
}

TrainingPlan training_plan_of(const TrainingPart& part, const Posed& question) {
  TrainingPlan plan;
  plan.batch = question.scenario.batch;
  plan.sequence = question.scenario.input;
  plan.split = question.scenario.split;
  plan.formats = question.scenario.formats;
  plan.micro_batch = part.micro_batch;
  plan.chunks = part.interleave;
  plan.zero = part.zero;
  plan.recompute = part.recompute;
  plan.gradients = format_named(part.gradients);
  plan.overlaps = part.overlaps;
  return plan;
}

}  // namespace orrery
