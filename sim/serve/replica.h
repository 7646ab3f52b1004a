#pragma once
// One copy of a model on its devices: forms steps, sends them through its stages, and says when tokens come
// out.

#include <deque>
#include <memory>
#include <vector>

#include "sim/serve/scheduler.h"
#include "sim/serve/step_cost.h"

namespace orrery {

// What a replica is made of.
struct ReplicaSpec {
  ServingLimits limits;
  CacheShape cache;          // of a rank
  std::uint32_t ranks = 1;   // that attend to sequences of their own and step together
  std::uint32_t stages = 1;  // of a pipeline
  std::uint32_t devices = 1;
  double step_s = 0, sequence_s = 0;  // the host's part of a step
  double kernel_gap_s = 0;
  double host_block_s = 0;     // of a rank's block, to or from the host's memory
  StepCosts* draft = nullptr;  // of a pass that guesses a token of each sequence; none: guesses are free
};

// Sums over all steps of a replica.
struct StepSums {
  std::uint64_t steps = 0;
  double busy_s = 0;     // first stage
  double dynamic_j = 0;  // of all its devices, beyond static power
  TimeSplitSeconds split;
  double decoding = 0, prompt_tokens = 0;  // sequences and tokens, over the steps
  double kept = 0;                         // tokens of decoding sequences, over the steps
  std::array<double, 4> held_up_s{};       // while the head of the queue waited for it, by Holdup
  double stored = 0, loaded = 0;           // blocks, to and from the host's memory
  StepSums& operator+=(const StepSums& other);
};

class Replica {
 public:
  // `costs` must outlive it.
  Replica(const ReplicaSpec& spec, StepCosts& costs);

  // What a step did, when it ends.
  struct StepInFlight {
    std::vector<Batch> ranks;
    double start_s = 0, end_s = 0, dynamic_j = 0;
    double pace_s = 0;  // until the first stage can take the next
  };

  void add(Sequence* sequence, std::size_t rank) {
    sequence->rank = static_cast<std::uint32_t>(rank);
    ranks_[rank]->add(sequence);
  }
  // Forms steps while it may; the last one's end, where there are any, is told by `next_end`.
  void fill(double now);
  bool idle() const { return in_flight_.empty(); }
  // When the oldest step in flight ends.
  double next_end() const { return in_flight_.front()->end_s; }
  const StepInFlight& oldest() const { return *in_flight_.front(); }
  // The oldest has ended: its sequences may go on. Those that are complete leave; with `hold` their blocks
  // stay until release().
  void retire(bool hold = false);
  void release(Sequence* sequence);

  Scheduler& rank(std::size_t r) { return *ranks_[r]; }
  const Scheduler& rank(std::size_t r) const { return *ranks_[r]; }
  std::size_t ranks() const { return ranks_.size(); }
  const StepSums& sums() const { return sums_; }
  std::size_t waiting() const;
  std::size_t running() const;
  double used_share() const;  // of the blocks

  // A few of the steps that ran, spread over all of them.
  struct Sample {
    Step step;      // sequence by sequence
    StepLoad load;  // what was composed for it, padding aside
  };
  const std::vector<Sample>& samples() const { return samples_; }

 private:
  const ReplicaSpec spec_;
  StepCosts& costs_;
  std::vector<std::unique_ptr<Scheduler>> ranks_;
  std::deque<std::unique_ptr<StepInFlight>> in_flight_;
  std::vector<std::unique_ptr<StepInFlight>> spare_;
  std::vector<StepLoad> loads_;
  double gate_free_s_ = 0;  // when the first stage can take the next step
  StepSums sums_;
  std::uint64_t sample_every_ = 1;
  std::vector<Sample> samples_;

  std::size_t depth() const { return spec_.stages > 1 ? spec_.stages : (spec_.limits.ahead ? 2 : 1); }
  double through_host();
  void add_draft(const StepInFlight& step, StagedCost& cost);
  void sample(const StepInFlight& step);
};

}  // namespace orrery
