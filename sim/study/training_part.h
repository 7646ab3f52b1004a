#pragma once
// An iteration of training beside a question, whose batch and input are its sequences and their tokens.

#include <string>
#include <tuple>

#include "sim/describe/fields.h"
#include "sim/study/question.h"
#include "sim/train/training_plan.h"

namespace orrery {

struct TrainingPart {
  std::uint64_t micro_batch = 1;
  std::uint32_t interleave = 1, zero = 0;
  Recompute recompute = Recompute::full;
  std::string gradients = "fp32";
  bool overlaps = true;

  bool operator==(const TrainingPart& o) const {
    return std::tie(micro_batch, interleave, zero, recompute, gradients, overlaps) ==
           std::tie(o.micro_batch, o.interleave, o.zero, o.recompute, o.gradients, o.overlaps);
  }
};
template <>
const Table& table_of<TrainingPart>();

// Throws ConfigError: gradients of no known format.
TrainingPlan training_plan_of(const TrainingPart& part, const Posed& question);

}  // namespace orrery
