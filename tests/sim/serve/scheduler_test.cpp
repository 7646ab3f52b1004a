// Who runs in a step, by each policy.

#include "sim/serve/scheduler.h"

#include <gtest/gtest.h>

#include <list>

namespace orrery::test {
namespace {

class Bench {
 public:
  Bench(SchedulerPolicy policy, std::uint64_t blocks, std::uint64_t budget, bool chunked = true,
        std::uint64_t sequences = 8, std::uint64_t host_blocks = 0) {
    ServingLimits limits;
    limits.policy = policy;
    limits.token_budget = budget;
    limits.sequences = sequences;
    limits.chunked_prefill = chunked;
    limits.prefix_cache = false;
    scheduler_ = make_scheduler(limits, KvBlocks({blocks, 16, 0, 0, 0, host_blocks}, false));
  }
  Sequence* add(std::uint32_t input, std::uint32_t output) {
    Sequence& s = all_.emplace_back();
    s.request.input = s.known = input;
    s.request.output = output;
    scheduler_->add(&s);
    return &s;
  }
  // Forms a step and ends it.
  const Batch& step() {
    batch_.clear();
    scheduler_->form(batch_);
    for (const BatchEntry& e : batch_.entries) {
      --e.sequence->in_flight;
      if (e.last) scheduler_->remove(e.sequence);
    }
    return batch_;
  }
  // Until nobody is left; how many steps.
  int drain() {
    for (int steps = 0;; ++steps) {
      if (step().empty()) return steps;
      if (steps > 100000) return -1;
    }
  }
  Scheduler& scheduler() { return *scheduler_; }
  const Batch& batch() const { return batch_; }

 private:
  std::unique_ptr<Scheduler> scheduler_;
  std::list<Sequence> all_;
  Batch batch_;
};

TEST(VllmV1, DecodesFirstAndCutsPromptsAtTheBudget) {
  Bench b(SchedulerPolicy::decode_first, 1000, 100);
  b.add(60, 10);
  const Batch& first = b.step();
  EXPECT_EQ(first.load.prompt_tokens(), 60U);
  EXPECT_EQ(first.entries[0].emitted, 1U);
  Sequence* longer = b.add(150, 10);
  const Batch& second = b.step();
  EXPECT_EQ(second.load.decoding, 1U);
  EXPECT_EQ(second.load.decoding_context, 61U);
  EXPECT_EQ(second.load.prompt_tokens(), 99U);
  EXPECT_EQ(longer->computed, 99U);
  EXPECT_EQ(longer->generated, 0U);
  EXPECT_EQ(b.step().load.prompts.at(0).context, 150U);
  EXPECT_EQ(longer->generated, 1U);
}

TEST(VllmV1, SetsBackTheLastAndAdmitsNobodyInThatStep) {
  Bench b(SchedulerPolicy::decode_first, 4, 1000);
  Sequence* first = b.add(31, 20);
  Sequence* second = b.add(30, 20);
  b.step();
  b.step();  // 32 and 31 tokens: all four blocks are full or nearly so
  b.add(5, 1);
  const Batch& tight = b.step();  // the first needs a third block
  EXPECT_EQ(second->outcome.preemptions, 1U);
  EXPECT_EQ(second->computed, 0U);
  EXPECT_EQ(tight.entries.size(), 1U);
  EXPECT_EQ(tight.entries[0].sequence, first);
  EXPECT_EQ(b.scheduler().waiting(), 2U);
  EXPECT_GT(b.drain(), 0);
  EXPECT_EQ(second->generated, 20U);
  EXPECT_EQ(b.scheduler().blocks().used(), 0U);
}

// With room on the host it goes on where it was, and nothing is computed twice.
TEST(VllmV1, WhatIsSetBackGoesOnFromTheHost) {
  Bench b(SchedulerPolicy::decode_first, 4, 1000, true, 8, 10);
  b.add(31, 20);
  Sequence* second = b.add(30, 20);
  b.step();
  b.step();
  b.step();  // the first needs a third block
  EXPECT_EQ(second->outcome.preemptions, 1U);
  EXPECT_EQ(second->on_host, 31U);
  std::uint64_t computed = 0;
  while (!b.step().empty()) computed += b.batch().load.prompt_tokens();
  EXPECT_EQ(computed, 0U);
  EXPECT_EQ(second->generated, 20U);
  EXPECT_EQ(b.scheduler().blocks().used(), 0U);
  const HostTraffic traffic = b.scheduler().host_traffic();
  EXPECT_EQ(traffic.stored, 2U);
  EXPECT_EQ(traffic.loaded, 2U);
}

TEST(VllmV1, AdmitsAPromptOnlyWhereAllOfItFits) {
  Bench b(SchedulerPolicy::decode_first, 4, 16);
  b.add(65, 1);
  EXPECT_TRUE(b.step().empty());
  EXPECT_EQ(b.scheduler().holdup(), Holdup::blocks);
}

TEST(VllmV0, RunsPromptsWholeAndByThemselves) {
  Bench b(SchedulerPolicy::prefill_first, 1000, 100, false);
  b.add(60, 5);
  b.step();
  b.add(50, 5);
  b.add(60, 5);
  const Batch& prompts = b.step();
  EXPECT_EQ(prompts.load.decoding, 0U);
  EXPECT_EQ(prompts.load.prompt_tokens(), 50U);  // 60 more are over the budget
  EXPECT_EQ(b.step().load.prompt_tokens(), 60U);
  EXPECT_EQ(b.step().load.decoding, 3U);
}

TEST(Sglang, PromptsGoFirstAndInPieces) {
  Bench b(SchedulerPolicy::reserving_prefill_first, 1000, 100);
  b.add(10, 5);
  b.step();
  b.add(150, 5);
  EXPECT_EQ(b.step().load.prompt_tokens(), 100U);
  const Batch& rest = b.step();
  EXPECT_EQ(rest.load.prompt_tokens(), 50U);
  EXPECT_EQ(rest.load.decoding, 0U);
  EXPECT_EQ(b.step().load.decoding, 2U);
}

TEST(Sglang, ReservesAShareOfWhatRunsMayStillWrite) {
  Bench b(SchedulerPolicy::reserving_prefill_first, 20, 1000);  // 320 tokens
  b.add(16, 200);
  b.step();
  b.add(16, 150);  // 0.7 x 199 are promised, 304 free: 166 would be too many
  EXPECT_EQ(b.step().load.decoding, 1U);
  EXPECT_EQ(b.scheduler().waiting(), 1U);
}

TEST(TrtllmNoEvict, NeverSetsBack) {
  Bench b(SchedulerPolicy::no_evict, 12, 1000);
  for (int i = 0; i < 6; ++i) b.add(30, 50);
  b.step();
  EXPECT_EQ(b.scheduler().running(), 2U);  // five blocks each at their longest
  EXPECT_GT(b.drain(), 0);
  EXPECT_EQ(b.scheduler().preemptions(), 0U);
}

TEST(TrtllmMaxUtilization, PacksAndPauses) {
  Bench b(SchedulerPolicy::max_utilization, 12, 1000);
  for (int i = 0; i < 6; ++i) b.add(30, 50);
  b.step();
  EXPECT_EQ(b.scheduler().running(), 6U);
  EXPECT_GT(b.drain(), 0);
  EXPECT_GT(b.scheduler().preemptions(), 0U);
  EXPECT_EQ(b.scheduler().blocks().used(), 0U);
}

TEST(Trtllm, APromptThatDoesNotFitTheRestOfTheBudgetWaits) {
  Bench b(SchedulerPolicy::no_evict, 1000, 100, false);
  b.add(60, 5);
  b.add(60, 5);
  EXPECT_EQ(b.step().load.prompts.size(), 1U);
  EXPECT_EQ(b.step().load.prompts.size(), 1U);
  Request large;
  large.input = 101;
  large.output = 1;
  EXPECT_NE(b.scheduler().refusal(large), "");
}

TEST(StaticBatches, ANewOneStartsWhenTheLastHasEnded) {
  Bench b(SchedulerPolicy::static_batches, 1000, 1000, true, 2);
  b.add(10, 2);
  b.add(10, 5);
  b.add(10, 1);
  EXPECT_EQ(b.step().load.prompts.size(), 2U);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(b.step().load.prompts.size(), 0U);
  EXPECT_EQ(b.step().load.prompts.size(), 1U);
}

// Each step computes the guesses, too, and keeps as many tokens as are right; the last are not more than
// asked.
TEST(Schedulers, GuessesAreVerifiedAndKeptByTheirShares) {
  for (const SchedulerPolicy policy :
       {SchedulerPolicy::static_batches, SchedulerPolicy::prefill_first, SchedulerPolicy::decode_first,
        SchedulerPolicy::reserving_prefill_first, SchedulerPolicy::no_evict,
        SchedulerPolicy::max_utilization}) {
    ServingLimits limits;
    limits.policy = policy;
    limits.prefix_cache = false;
    limits.speculation = {3, {0.9, 0.6, 0.3}, 5};
    const auto scheduler = make_scheduler(limits, KvBlocks({10000, 16}, false));
    Sequence s;
    s.request.input = s.known = 20;
    s.request.output = 3001;
    scheduler->add(&s);
    Batch batch;
    int steps = 0;
    for (; !s.done; ++steps) {
      batch.clear();
      scheduler->form(batch);
      ASSERT_EQ(batch.entries.size(), 1U) << to_string(policy);
      --s.in_flight;
      if (steps > 0) {
        EXPECT_EQ(batch.load.verified, 4U);
        EXPECT_EQ(batch.load.tokens(), 4U);
      }
    }
    EXPECT_EQ(s.generated, 3001U);
    EXPECT_NEAR(3000.0 / (steps - 1), 1 + 0.9 + 0.6 + 0.3, 0.1) << to_string(policy);
    scheduler->remove(&s);
    EXPECT_EQ(scheduler->blocks().used(), 0U);
  }
}

// What a prompt finds cached is part of its room, not beside it.
TEST(StaticBatches, CachedBlocksAreNotTakenTwice) {
  ServingLimits limits;
  limits.policy = SchedulerPolicy::static_batches;
  limits.sequences = 1;
  const auto scheduler = make_scheduler(limits, KvBlocks({100, 16}, true));
  std::list<Sequence> both;
  Batch batch;
  for (int i = 0; i < 2; ++i) {
    Sequence& s = both.emplace_back();
    s.request.input = s.known = 161;
    s.request.output = 15;
    s.request.content = {7};
    s.request.content_tokens = 161;
    scheduler->add(&s);
    while (!s.done) {
      batch.clear();
      scheduler->form(batch);
      ASSERT_EQ(batch.entries.size(), 1U);
      --s.in_flight;
      EXPECT_EQ(scheduler->blocks().used(), 11U);  // 176 tokens
    }
    EXPECT_EQ(s.outcome.cached, i == 0 ? 0U : 160U);
    scheduler->remove(&s);
  }
}

TEST(Schedulers, AllRequestsEndUnderEveryPolicyHoweverFewBlocksThereAre) {
  for (const SchedulerPolicy policy :
       {SchedulerPolicy::static_batches, SchedulerPolicy::prefill_first, SchedulerPolicy::decode_first,
        SchedulerPolicy::reserving_prefill_first, SchedulerPolicy::no_evict,
        SchedulerPolicy::max_utilization}) {
    for (const bool chunked : {false, true}) {
      Bench b(policy, 9, 128, chunked);
      std::vector<Sequence*> all;
      for (std::uint32_t i = 1; i <= 40; ++i) all.push_back(b.add(i * 2, 1 + i % 17 * 3));
      EXPECT_GT(b.drain(), 0) << to_string(policy);
      for (const Sequence* s : all) EXPECT_EQ(s->generated, s->request.output) << to_string(policy);
      EXPECT_EQ(b.scheduler().blocks().used(), 0U) << to_string(policy);
      EXPECT_EQ(b.scheduler().running() + b.scheduler().waiting(), 0U) << to_string(policy);
    }
  }
}

}  // namespace
}  // namespace orrery::test
