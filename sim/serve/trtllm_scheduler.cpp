// NVIDIA/TensorRT-LLM docs: paged attention and in-flight batching; capacity and micro-batch schedulers.

#include <algorithm>

#include "sim/serve/scheduler_policies.h"

namespace orrery {

// Blocks that one which runs may still come to need, where none is ever set back.
std::uint64_t TrtllmScheduler::promised(const Sequence& s) const {
  if (limits_.policy != SchedulerPolicy::no_evict) return 0;
  const std::uint64_t all = blocks_.blocks_for(longest(s.request));
  return all - std::min(s.held.count, all);
}

void TrtllmScheduler::form(Batch& batch) {
  std::uint64_t budget = limits_.token_budget;
  const std::uint64_t before = preemptions_;
  std::uint64_t reserved = 0;
  // Generation first; prompts under way follow with what is left.
  for (const bool prompts : {false, true}) {
    for (std::size_t i = 0; i < running_.size() && budget > 0; ++i) {
      Sequence* s = running_[i];
      if (!available(*s) || prompts != (s->computed < s->request.input)) continue;
      const auto want = static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted(*s), budget));
      if (decodes(*s) && want < wanted(*s)) continue;
      if (!grow_or_preempt(i, want)) break;
      take(s, want, batch);
      budget -= want;
    }
  }
  for (const Sequence* s : running_) reserved += promised(*s);
  stop(budget == 0 ? Holdup::tokens : Holdup::blocks);
  while (preemptions_ == before && budget > 0 && !waiting_.empty() && !full()) {
    Sequence* s = waiting_.front();
    stop(Holdup::blocks);
    if (s->in_flight > 0) break;
    const std::uint32_t cached = front_cached();
    const bool to_the_end = limits_.policy == SchedulerPolicy::no_evict;
    if (front_blocks(to_the_end ? longest(s->request) : s->known, cached) + reserved > blocks_.free()) break;
    stop(Holdup::tokens);
    if (s->known - cached > budget && !limits_.chunked_prefill) break;
    admit_front(cached);
    auto want = static_cast<std::uint32_t>(std::min<std::uint64_t>(s->known - s->computed, budget));
    // Pieces are whole blocks, but for the last.
    if (want < s->known - s->computed && want > blocks_.block_tokens()) want -= want % blocks_.block_tokens();
    blocks_.grow(s->held, std::uint64_t{s->computed} + want);
    take(s, want, batch);
    budget -= want;
    reserved += promised(*s);
  }
  pad(batch);
}

}  // namespace orrery
