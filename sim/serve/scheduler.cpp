#include "sim/serve/scheduler.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/serve/scheduler_policies.h"
#include "sim/util/units.h"

namespace orrery {

Scheduler::Scheduler(const ServingLimits& limits, KvBlocks blocks)
    : limits_(limits), blocks_(std::move(blocks)), luck_(limits.speculation.seed) {
  running_.reserve(limits.sequences);
}

std::string Scheduler::refusal(const Request& request) const {
  const std::uint64_t length = std::uint64_t{request.input} + std::max<std::uint32_t>(1, request.output) - 1 +
                               limits_.speculation.drafts;
  if (blocks_.blocks_for(length) > blocks_.total())
    return fmt::format("{} prompt and {} output tokens need {} blocks of {} tokens; the cache has {}",
                       request.input, request.output, blocks_.blocks_for(length), blocks_.block_tokens(),
                       blocks_.total());
  if (!limits_.chunked_prefill && request.input > limits_.token_budget)
    return fmt::format("a prompt of {} tokens is over the budget of {} tokens a step, and is not cut",
                       request.input, limits_.token_budget);
  return "";
}

std::uint64_t Scheduler::load_tokens() const {
  std::uint64_t sum = waiting_tokens_;
  for (const Sequence* s : running_) sum += s->known;
  return sum;
}

std::uint32_t Scheduler::kept_tokens(const Sequence& s) {
  const Speculation& speculation = limits_.speculation;
  if (speculation.drafts == 0) return 1;
  const double luck = luck_.uniform();
  std::uint32_t kept = 1;
  for (std::size_t i = 0; i < std::min<std::size_t>(speculation.drafts, speculation.acceptance.size()); ++i) {
    if (luck < speculation.acceptance[i]) ++kept;
  }
  return std::min(kept, s.left());
}

void Scheduler::take(Sequence* s, std::uint32_t new_tokens, Batch& batch) {
  BatchEntry entry{s};
  const bool decodes = Scheduler::decodes(*s) && new_tokens == 1 + limits_.speculation.drafts;
  if (decodes) {
    ++batch.load.decoding;
    batch.load.verified = new_tokens;
    entry.context = std::uint64_t{s->computed} + new_tokens;
    batch.load.decoding_context += entry.context;
    entry.emitted = kept_tokens(*s);
    s->computed += entry.emitted;  // what was guessed wrong is written over
  } else {
    s->computed += new_tokens;
    batch.load.prompts.push_back({new_tokens, s->computed});
    entry.emitted = s->computed == s->known ? 1 : 0;
  }
  s->generated += entry.emitted;
  s->known += entry.emitted;
  entry.last = entry.emitted > 0 && s->generated >= s->request.output;
  s->done = entry.last;
  if (!decodes) blocks_.publish(s->request, s->computed, s->held);
  ++s->in_flight;
  batch.entries.push_back(entry);
}

void Scheduler::preempt(Sequence* victim) {
  const bool stored = blocks_.store(victim->held);
  if (!stored) blocks_.release(victim->held);
  victim->on_host = stored ? victim->computed : 0;
  victim->computed = 0;
  victim->arrived_computed = false;
  ++victim->outcome.preemptions;
  ++preemptions_;
  running_.erase(std::find(running_.begin(), running_.end(), victim));
  waiting_.push_front(victim);
  waiting_tokens_ += victim->known;
}

std::uint32_t Scheduler::front_cached() const {
  const Sequence& s = *waiting_.front();
  return s.on_host > 0 ? s.on_host : s.arrived_computed ? s.request.input : blocks_.cached_tokens(s.request);
}

void Scheduler::admit_front(std::uint32_t cached) {
  Sequence* s = waiting_.front();
  waiting_.pop_front();
  waiting_tokens_ -= s->known;
  s->computed = cached;
  if (s->on_host > 0) {
    blocks_.load(s->held);
    s->on_host = 0;
  } else if (!s->arrived_computed && cached > 0) {
    blocks_.take_cached(s->request, cached, s->held);
    if (s->generated == 0) s->outcome.cached = cached;
  }
  running_.push_back(s);
}

std::uint64_t Scheduler::front_blocks(std::uint64_t tokens, std::uint32_t cached) const {
  const Sequence& s = *waiting_.front();
  return blocks_.blocks_for(tokens) - (s.brings_its_own() ? 0 : blocks_.shared_blocks(s.request, cached));
}

bool Scheduler::grow_or_preempt(std::size_t index, std::uint32_t new_tokens) {
  Sequence* s = running_[index];
  while (!blocks_.grow(s->held, std::uint64_t{s->computed} + new_tokens)) {
    const auto victim =
        std::find_if(running_.rbegin(), running_.rend(), [](const Sequence* other) { return !other->done; });
    Sequence* chosen = *victim;  // there is one: `s` itself
    preempt(chosen);
    if (chosen == s) return false;
  }
  return true;
}

void Scheduler::remove(Sequence* s, bool hold_blocks) {
  if (!hold_blocks) blocks_.release(s->held);
  running_.erase(std::find(running_.begin(), running_.end(), s));
}

// vLLM's sizes of recorded graphs: 1, 2, 4, then by 8 up to 256, then by 16.
void Scheduler::pad(Batch& batch) const {
  const std::uint64_t tokens = batch.load.tokens();
  if (tokens == 0 || tokens > limits_.graph_sizes) return;
  std::uint64_t size = tokens <= 2   ? tokens
                       : tokens <= 4 ? 4
                                     : round_up<std::uint64_t>(tokens, tokens <= 256 ? 8 : 16);
  batch.load.padding = std::min(size, limits_.graph_sizes) - tokens;
}

std::unique_ptr<Scheduler> make_scheduler(const ServingLimits& limits, KvBlocks blocks) {
  switch (limits.policy) {
    case SchedulerPolicy::static_batches:
      return std::make_unique<StaticScheduler>(limits, std::move(blocks));
    case SchedulerPolicy::prefill_first:
      if (!limits.chunked_prefill) return std::make_unique<PrefillFirstScheduler>(limits, std::move(blocks));
      return std::make_unique<DecodeFirstScheduler>(limits, std::move(blocks));
    case SchedulerPolicy::decode_first:
      return std::make_unique<DecodeFirstScheduler>(limits, std::move(blocks));
    case SchedulerPolicy::reserving_prefill_first:
      return std::make_unique<SglangScheduler>(limits, std::move(blocks));
    case SchedulerPolicy::no_evict:
    case SchedulerPolicy::max_utilization:
      return std::make_unique<TrtllmScheduler>(limits, std::move(blocks));
  }
  return nullptr;
}

}  // namespace orrery
