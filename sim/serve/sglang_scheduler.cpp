// sgl-project/sglang: python/sglang/srt/managers/schedule_policy.py, scheduler.py.

#include <algorithm>

#include "sim/serve/scheduler_policies.h"

namespace orrery {

SglangScheduler::SglangScheduler(const ServingLimits& limits, KvBlocks blocks)
    : Scheduler(limits, std::move(blocks)), share_(limits.reserve_first) {}

// Tokens it may still write, of which a share is held free.
double SglangScheduler::reserved(const Sequence& s, double share) const {
  return share * static_cast<double>(std::min<std::uint64_t>(s.left(), limits_.reserve_most));
}

bool SglangScheduler::form_prompts(Batch& batch) {
  std::uint64_t budget = limits_.token_budget;
  const auto take_some = [&](Sequence* s) {
    auto want = static_cast<std::uint32_t>(std::min<std::uint64_t>(s->known - s->computed, budget));
    if (!blocks_.grow(s->held, std::uint64_t{s->computed} + want)) return false;
    take(s, want, batch);
    budget -= want;
    cut_ = batch.entries.back().emitted == 0 ? s : nullptr;
    return true;
  };
  if (cut_ != nullptr) {
    if (cut_->in_flight > 0 && !limits_.ahead) return false;
    if (!take_some(cut_)) return false;
  }
  double promised = 0;
  for (const Sequence* s : running_) promised += reserved(*s, share_);
  stop(Holdup::tokens);
  while (cut_ == nullptr && budget > 0 && !waiting_.empty() && !full()) {
    Sequence* s = waiting_.front();
    if (s->in_flight > 0) break;
    stop(Holdup::blocks);
    const std::uint32_t cached = front_cached();
    const std::uint32_t missing = s->known - cached;
    const double need = static_cast<double>(missing) + reserved(*s, 1);
    const double room = static_cast<double>(blocks_.free() * blocks_.block_tokens()) - promised;
    if (need > room && !(running_.empty() && batch.empty())) break;
    if (front_blocks(s->known, cached) > blocks_.free()) break;
    stop(Holdup::tokens);
    if (!limits_.chunked_prefill && missing > budget) break;
    admit_front(cached);
    take_some(s);
    promised += reserved(*s, share_);
  }
  return !batch.empty();
}

void SglangScheduler::form_decoding(Batch& batch) {
  for (std::size_t i = 0; i < running_.size(); ++i) {
    Sequence* s = running_[i];
    if (!available(*s) || s == cut_) continue;
    const std::uint64_t before = preemptions_;
    const std::uint32_t want = wanted(*s);
    const bool runs = grow_or_preempt(i, want);
    // Too much was promised: hold more free from now on.
    if (preemptions_ > before) share_ = std::min(1.0, share_ + 0.1);
    if (!runs) break;
    take(s, want, batch);
  }
  if (cut_ != nullptr && cut_->computed == 0) cut_ = nullptr;  // set back
  share_ = std::max(limits_.reserve_last,
                    share_ - (limits_.reserve_first - limits_.reserve_last) / limits_.reserve_steps);
  pad(batch);
}

void SglangScheduler::form(Batch& batch) {
  if (!form_prompts(batch)) form_decoding(batch);
}

}  // namespace orrery
