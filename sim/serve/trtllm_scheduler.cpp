// NVIDIA/TensorRT-LLM docs: paged attention and in-flight batching; capacity and micro-batch schedulers.

#include <algorithm>

#include "sim/serve/scheduler_policies.h"

namespace orrery {

// The head of the queue. `reserved`: blocks that those which run may still come to need.
bool TrtllmScheduler::starts(const Sequence& s, std::uint64_t reserved) const {
  const std::uint64_t longest =
      limits_.policy == SchedulerPolicy::no_evict
          ? std::uint64_t{s.request.input} + s.request.output + limits_.speculation.drafts
          : s.known;
  return front_blocks(longest) + reserved <= blocks_.free();
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
  if (limits_.policy == SchedulerPolicy::no_evict) {
    for (const Sequence* s : running_)
      reserved += blocks_.blocks_for(std::uint64_t{s->request.input} + s->request.output +
                                     limits_.speculation.drafts) -
                  std::min(s->held.count, blocks_.blocks_for(std::uint64_t{s->request.input} +
                                                             s->request.output + limits_.speculation.drafts));
  }
  stop(budget == 0 ? Holdup::tokens : Holdup::blocks);
  while (preemptions_ == before && budget > 0 && !waiting_.empty() && !full()) {
    Sequence* s = waiting_.front();
    stop(Holdup::blocks);
    if (s->in_flight > 0 || !starts(*s, reserved)) break;
    stop(Holdup::tokens);
    const std::uint32_t missing = s->known - front_cached();
    if (missing > budget && !limits_.chunked_prefill) break;
    admit_front();
    auto want = static_cast<std::uint32_t>(std::min<std::uint64_t>(s->known - s->computed, budget));
    // Pieces are whole blocks, but for the last.
    if (want < s->known - s->computed && want > blocks_.block_tokens()) want -= want % blocks_.block_tokens();
    blocks_.grow(s->held, std::uint64_t{s->computed} + want);
    take(s, want, batch);
    budget -= want;
    if (limits_.policy == SchedulerPolicy::no_evict)
      reserved += blocks_.blocks_for(std::uint64_t{s->request.input} + s->request.output +
                                     limits_.speculation.drafts) -
                  s->held.count;
  }
  pad(batch);
}

}  // namespace orrery
