// vllm-project/vllm: vllm/v1/core/sched/scheduler.py (V1), vllm/core/scheduler.py (V0).

#include <algorithm>

#include "sim/serve/scheduler_policies.h"

namespace orrery {

void DecodeFirstScheduler::form(Batch& batch) {
  std::uint64_t budget = limits_.token_budget;
  const std::uint64_t before = preemptions_;
  for (std::size_t i = 0; i < running_.size() && budget > 0; ++i) {
    Sequence* s = running_[i];
    if (!available(*s)) continue;
    const auto want = static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted(*s), budget));
    if (want == 0 || (decodes(*s) && want < wanted(*s))) continue;
    if (!grow_or_preempt(i, want)) break;
    take(s, want, batch);
    budget -= want;
  }
  // Nobody is admitted in a step that set somebody back.
  const auto reserve = static_cast<std::uint64_t>(limits_.watermark * static_cast<double>(blocks_.total()));
  stop(budget == 0 ? Holdup::tokens : Holdup::blocks);
  while (preemptions_ == before && budget > 0 && !waiting_.empty() && !full()) {
    Sequence* s = waiting_.front();
    if (s->in_flight > 0) break;  // set back while its last step runs
    stop(Holdup::tokens);
    const std::uint32_t cached = front_cached();
    if (!limits_.chunked_prefill && s->known - cached > budget) break;
    // The whole prompt must fit, though its first piece would.
    stop(Holdup::blocks);
    if (front_blocks(s->known, cached) + reserve > blocks_.free()) break;
    admit_front(cached);
    const auto want = static_cast<std::uint32_t>(std::min<std::uint64_t>(s->known - s->computed, budget));
    blocks_.grow(s->held, s->known);
    take(s, want, batch);
    budget -= want;
    stop(Holdup::tokens);
  }
  pad(batch);
}

void PrefillFirstScheduler::form(Batch& batch) {
  std::uint64_t budget = limits_.token_budget;
  const auto reserve = static_cast<std::uint64_t>(limits_.watermark * static_cast<double>(blocks_.total()));
  while (!waiting_.empty() && !full()) {
    Sequence* s = waiting_.front();
    stop(Holdup::tokens);
    const std::uint32_t cached = front_cached();
    if (s->in_flight > 0 || s->known - cached > budget) break;
    stop(Holdup::blocks);
    if (front_blocks(s->known, cached) + reserve > blocks_.free()) break;
    admit_front(cached);
    const std::uint32_t want = s->known - s->computed;
    blocks_.grow(s->held, s->known);
    take(s, want, batch);
    budget -= want;
  }
  if (!batch.empty()) return;
  for (std::size_t i = 0; i < running_.size(); ++i) {
    Sequence* s = running_[i];
    if (!available(*s)) continue;
    const std::uint32_t want = wanted(*s);
    if (!grow_or_preempt(i, want)) break;
    take(s, want, batch);
  }
  pad(batch);
}

void StaticScheduler::form(Batch& batch) {
  if (running_.empty()) {
    while (!waiting_.empty() && running_.size() < limits_.sequences) {
      Sequence* s = waiting_.front();
      const std::uint32_t cached = front_cached();
      if (front_blocks(longest(s->request), cached) > blocks_.free()) break;
      admit_front(cached);
      blocks_.grow(s->held, longest(s->request));
    }
  }
  std::uint64_t budget = limits_.token_budget;
  const bool prompts = std::any_of(running_.begin(), running_.end(),
                                   [](const Sequence* s) { return !s->done && s->generated == 0; });
  for (Sequence* s : running_) {
    if (!available(*s) || budget == 0 || prompts != (s->generated == 0)) continue;
    const auto want = static_cast<std::uint32_t>(
        prompts ? std::min<std::uint64_t>(s->known - s->computed, budget) : wanted(*s));
    if (want == 0) continue;
    take(s, want, batch);
    if (prompts) budget -= want;
  }
}

}  // namespace orrery
