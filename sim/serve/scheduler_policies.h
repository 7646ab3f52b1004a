#pragma once
// The policies of engines, as their sources and documents say them; each file names them.

#include "sim/serve/scheduler.h"

namespace orrery {

// A batch runs until its last sequence has ended.
class StaticScheduler : public Scheduler {
 public:
  using Scheduler::Scheduler;
  void form(Batch& batch) override;
};

// vLLM V1: each request catches up with its known tokens, within a budget a step.
class DecodeFirstScheduler : public Scheduler {
 public:
  using Scheduler::Scheduler;
  void form(Batch& batch) override;
};

// vLLM V0 without chunked prefill: whole prompts in steps of their own, as soon as they fit.
class PrefillFirstScheduler : public Scheduler {
 public:
  using Scheduler::Scheduler;
  void form(Batch& batch) override;
};

// SGLang: prompts first, in pieces of the budget; admission reserves a share of what runs may still write.
class SglangScheduler : public Scheduler {
 public:
  SglangScheduler(const ServingLimits& limits, KvBlocks blocks);
  void form(Batch& batch) override;

 private:
  double share_;             // of the outputs to come
  Sequence* cut_ = nullptr;  // whose prompt is under way
  bool form_prompts(Batch& batch);
  void form_decoding(Batch& batch);
  double reserved(const Sequence& s, double share) const;
};

// TensorRT-LLM: generation first, then prompts in what is left of the budget; GUARANTEED_NO_EVICT starts only
// what can end, MAX_UTILIZATION whatever fits now.
class TrtllmScheduler : public Scheduler {
 public:
  using Scheduler::Scheduler;
  void form(Batch& batch) override;

 private:
  std::uint64_t promised(const Sequence& s) const;
};

}  // namespace orrery
