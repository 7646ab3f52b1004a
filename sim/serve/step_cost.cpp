#include "sim/serve/step_cost.h"

#include <algorithm>

namespace orrery {

StepCost& StepCost::add(const StepCost& other, double times) {
  seconds += times * other.seconds;
  dynamic_j += times * other.dynamic_j;
  kernels += times * other.kernels;
  split.add(other.split, times);
  return *this;
}

std::uint64_t StepLoad::prompt_tokens() const {
  std::uint64_t sum = 0;
  for (const PromptPiece& piece : prompts) sum += piece.new_tokens;
  return sum;
}

void StepLoad::clear() {
  decoding = decoding_context = padding = 0;
  verified = 1;
  prompts.clear();
}

Step StepLoad::step() const {
  Step step;
  for (const PromptPiece& piece : prompts)
    step.groups.push_back({Phase::prefill, 1, piece.new_tokens, piece.context});
  if (decoding > 0)
    step.groups.push_back({Phase::decode, decoding, verified,
                           std::max(verified, (decoding_context + decoding / 2) / decoding)});
  return step;
}

}  // namespace orrery
