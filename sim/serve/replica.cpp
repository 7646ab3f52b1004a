#include "sim/serve/replica.h"

#include <algorithm>
#include <map>

namespace orrery {
namespace {

constexpr std::size_t kMostSamples = 12;  // of steps that are simulated whole afterwards

// As it was, sequence by sequence.
Step ragged(const Batch& batch) {
  Step step;
  for (const PromptPiece& piece : batch.load.prompts)
    step.groups.push_back({Phase::prefill, 1, piece.new_tokens, piece.context});
  std::map<std::uint64_t, std::uint64_t> contexts;
  for (const BatchEntry& entry : batch.entries) {
    if (entry.context > 0) ++contexts[entry.context];
  }
  for (const auto& [context, sequences] : contexts)
    step.groups.push_back({Phase::decode, sequences, batch.load.verified, context});
  return step;
}

}  // namespace

StepSums& StepSums::operator+=(const StepSums& other) {
  steps += other.steps;
  busy_s += other.busy_s;
  dynamic_j += other.dynamic_j;
  split.add(other.split);
  decoding += other.decoding;
  prompt_tokens += other.prompt_tokens;
  kept += other.kept;
  for (std::size_t i = 0; i < held_up_s.size(); ++i) held_up_s[i] += other.held_up_s[i];
  stored += other.stored;
  loaded += other.loaded;
  return *this;
}

Replica::Replica(const ReplicaSpec& spec, StepCosts& costs) : spec_(spec), costs_(costs) {
  ServingLimits limits = spec.limits;
  limits.ahead = limits.ahead && spec.stages == 1;
  for (std::uint32_t r = 0; r < spec.ranks; ++r)
    ranks_.push_back(make_scheduler(limits, KvBlocks(spec.cache, limits.prefix_cache)));
  loads_.resize(spec.ranks);
}

void Replica::fill(double now) {
  while (in_flight_.size() < depth()) {
    std::unique_ptr<StepInFlight> step;
    if (spare_.empty()) {
      step = std::make_unique<StepInFlight>();
      step->ranks.resize(ranks_.size());
    } else {
      step = std::move(spare_.back());
      spare_.pop_back();
    }
    std::size_t sequences = 0;
    for (std::size_t r = 0; r < ranks_.size(); ++r) {
      step->ranks[r].clear();
      ranks_[r]->form(step->ranks[r]);
      sequences = std::max(sequences, step->ranks[r].entries.size());
      sums_.decoding += static_cast<double>(step->ranks[r].load.decoding);
      sums_.prompt_tokens += static_cast<double>(step->ranks[r].load.prompt_tokens());
    }
    if (sequences == 0) {
      spare_.push_back(std::move(step));
      return;
    }
    StagedCost cost;
    if (ranks_.size() == 1) {
      cost = costs_.cost(step->ranks.front().load);
    } else {
      for (std::size_t r = 0; r < ranks_.size(); ++r) loads_[r] = step->ranks[r].load;
      cost = costs_.cost(loads_);
    }
    for (const Batch& batch : step->ranks) {
      for (const BatchEntry& entry : batch.entries) {
        if (entry.context > 0) sums_.kept += entry.emitted;
      }
    }
    if (spec_.draft != nullptr) add_draft(*step, cost);
    const double gaps = spec_.kernel_gap_s * cost.sum.kernels;
    const double host = spec_.step_s + spec_.sequence_s * static_cast<double>(sequences);
    const double on_host_s = through_host();
    const double pace = std::max(on_host_s, cost.slowest_s + gaps / spec_.stages + host);
    step->pace_s = pace;
    step->start_s = std::max(now, gate_free_s_);
    gate_free_s_ = step->start_s + pace;
    step->end_s = step->start_s + std::max(on_host_s, cost.sum.seconds + gaps + host);
    step->dynamic_j = cost.sum.dynamic_j / spec_.stages * spec_.devices;
    sample(*step);
    ++sums_.steps;
    sums_.busy_s += pace;
    sums_.dynamic_j += step->dynamic_j;
    sums_.split.add(cost.sum.split);
    sums_.split.add(TimeCategory::launch, gaps);
    sums_.split.add(TimeCategory::host, host);
    sums_.split.add(TimeCategory::link, std::max(0.0, on_host_s - (cost.sum.seconds + gaps + host)));
    for (const auto& rank : ranks_)
      sums_.held_up_s[static_cast<std::size_t>(rank->holdup())] += pace / static_cast<double>(ranks_.size());
    in_flight_.push_back(std::move(step));
  }
}

// Layer by layer, while the step before and this one compute; both ways at once. How long that takes.
double Replica::through_host() {
  if (spec_.cache.host_blocks == 0) return 0;
  std::uint64_t most = 0;
  for (const auto& rank : ranks_) {
    const HostTraffic traffic = rank->host_traffic();
    sums_.stored += static_cast<double>(traffic.stored);
    sums_.loaded += static_cast<double>(traffic.loaded);
    most = std::max({most, traffic.stored, traffic.loaded});
  }
  return spec_.host_block_s * static_cast<double>(most);
}

// A pass for each guess, one behind the other; prompts go through the draft, too.
void Replica::add_draft(const StepInFlight& step, StagedCost& cost) {
  const auto busiest =
      std::max_element(step.ranks.begin(), step.ranks.end(),
                       [](const Batch& a, const Batch& b) { return a.load.tokens() < b.load.tokens(); });
  StepLoad load = busiest->load;
  load.padding = 0;
  load.verified = 1;
  const std::uint32_t passes = load.decoding > 0 ? spec_.limits.speculation.drafts : 1;
  for (std::uint32_t pass = 0; pass < passes; ++pass) {
    const StagedCost draft = spec_.draft->cost(load);
    cost.sum += draft.sum;
    cost.slowest_s += draft.slowest_s;
    load.prompts.clear();
  }
}

void Replica::retire(bool hold) {
  StepInFlight& step = *in_flight_.front();
  for (std::size_t r = 0; r < ranks_.size(); ++r) {
    for (const BatchEntry& entry : step.ranks[r].entries) {
      --entry.sequence->in_flight;
      if (entry.last) ranks_[r]->remove(entry.sequence, hold);
    }
  }
  spare_.push_back(std::move(in_flight_.front()));
  in_flight_.pop_front();
}

void Replica::release(Sequence* sequence) {
  ranks_[sequence->rank]->release(sequence);
}

void Replica::sample(const StepInFlight& step) {
  if (ranks_.size() > 1 || sums_.steps % sample_every_ != 0) return;
  if (samples_.size() == kMostSamples) {
    for (std::size_t i = 2; i < kMostSamples; i += 2) samples_[i / 2] = std::move(samples_[i]);
    samples_.resize(kMostSamples / 2);
    sample_every_ *= 2;
    if (sums_.steps % sample_every_ != 0) return;
  }
  samples_.push_back({ragged(step.ranks.front()), step.ranks.front().load});
  samples_.back().load.padding = 0;
}

std::size_t Replica::waiting() const {
  std::size_t sum = 0;
  for (const auto& rank : ranks_) sum += rank->waiting();
  return sum;
}

std::size_t Replica::running() const {
  std::size_t sum = 0;
  for (const auto& rank : ranks_) sum += rank->running();
  return sum;
}

double Replica::used_share() const {
  std::uint64_t used = 0;
  std::uint64_t total = 0;
  for (const auto& rank : ranks_) {
    used += rank->blocks().used();
    total += rank->blocks().total();
  }
  return total > 0 ? static_cast<double>(used) / static_cast<double>(total) : 0;
}

}  // namespace orrery
