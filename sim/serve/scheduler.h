#pragma once
// Who runs in the next step: a small class a policy, over the same state (waiting and running sequences,
// blocks of keys and values). One a replica, or a rank of it.

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "sim/config/serving_limits.h"
#include "sim/serve/kv_blocks.h"
#include "sim/serve/request.h"
#include "sim/serve/step_cost.h"
#include "sim/util/random.h"

namespace orrery {

// A request while it is served.
struct Sequence {
  Request request;
  RequestOutcome outcome;
  HeldBlocks held;
  std::uint32_t known = 0;     // tokens: the prompt's, and those generated
  std::uint32_t computed = 0;  // of them, whose keys and values are there, or on their way
  std::uint32_t generated = 0;
  std::uint32_t in_flight = 0;    // steps
  std::uint32_t rank = 0;         // of its replica, whose it is
  bool done = false;              // its last token is on its way
  bool arrived_computed = false;  // with its prompt's keys and values: another machine made them
  std::uint32_t on_host = 0;      // tokens whose keys and values wait in the host's memory: it was set back
  bool brings_its_own() const { return arrived_computed || on_host > 0; }
  std::uint32_t left() const { return request.output - generated; }
};

struct BatchEntry {
  Sequence* sequence = nullptr;
  std::uint64_t context = 0;  // tokens that attention reads of a sequence that decodes; 0 of a prompt
  std::uint32_t emitted = 0;  // tokens that reach the client when the step ends
  bool last = false;          // with them it is complete
};

struct Batch {
  std::vector<BatchEntry> entries;
  StepLoad load;
  bool empty() const { return entries.empty(); }
  void clear() {
    entries.clear();
    load.clear();
  }
};

// What keeps the first of those that wait from running.
enum class Holdup : std::uint8_t { none, blocks, sequences, tokens };
template <>
struct EnumNames<Holdup> {
  static constexpr std::array<const char*, 4> kWords = {"none", "kv_blocks", "max_sequences", "token_budget"};
};

class Scheduler {
 public:
  Scheduler(const ServingLimits& limits, KvBlocks blocks);
  virtual ~Scheduler() = default;
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  void add(Sequence* sequence) {
    waiting_.push_back(sequence);
    waiting_tokens_ += sequence->known;
  }
  // Why a request can never run; "" where it can.
  std::string refusal(const Request& request) const;
  // Fills `batch`; leaves it empty where nobody can run.
  virtual void form(Batch& batch) = 0;
  // Its last token has left: it makes room, and, unless its blocks are still read, gives them back.
  void remove(Sequence* sequence, bool hold_blocks = false);
  // Blocks that were read after that.
  void release(Sequence* sequence) { blocks_.release(sequence->held); }

  const KvBlocks& blocks() const { return blocks_; }
  HostTraffic host_traffic() { return blocks_.host_traffic(); }
  std::size_t waiting() const { return waiting_.size(); }
  std::size_t running() const { return running_.size(); }
  // Tokens to come, of all: what routers compare.
  std::uint64_t load_tokens() const;
  std::uint32_t cached_tokens(const Request& request) const { return blocks_.cached_tokens(request); }
  std::uint64_t preemptions() const { return preemptions_; }
  Holdup holdup() const { return waiting_.empty() ? Holdup::none : holdup_; }

 protected:
  const ServingLimits limits_;
  KvBlocks blocks_;
  std::deque<Sequence*> waiting_;
  std::vector<Sequence*> running_;  // in the order of admission
  std::uint64_t preemptions_ = 0;

  // Whether it may be in one more step.
  bool available(const Sequence& s) const { return !s.done && (s.in_flight == 0 || limits_.ahead); }
  // Tokens that it would take in a step: what is not computed, and guesses behind its last one.
  std::uint32_t wanted(const Sequence& s) const {
    return s.known - s.computed + (decodes(s) ? limits_.speculation.drafts : 0);
  }
  static bool decodes(const Sequence& s) { return s.generated > 0 && s.computed + 1 == s.known; }
  // Adds so many tokens of a running sequence, whose blocks are there, to the step.
  void take(Sequence* sequence, std::uint32_t new_tokens, Batch& batch);
  // Sets it back to the head of the queue: what it has computed goes to the host's memory, or is computed
  // again.
  void preempt(Sequence* victim);
  // Of the head of the queue: tokens that it would not have to compute; with them, blocks that it would take
  // of the free ones to have room for `tokens` tokens.
  std::uint32_t front_cached() const;
  std::uint64_t front_blocks(std::uint64_t tokens, std::uint32_t cached) const;
  // It begins to run, with those tokens.
  void admit_front(std::uint32_t cached);
  // Tokens of a sequence at its longest, wrong guesses included.
  std::uint64_t longest(const Request& request) const {
    return std::uint64_t{request.input} + request.output + limits_.speculation.drafts;
  }
  // Room for so many more tokens of running_[index], those behind it set back for it; false where it had to
  // be set back itself.
  bool grow_or_preempt(std::size_t index, std::uint32_t new_tokens);
  // Why the head of the queue stays there.
  void stop(Holdup why) { holdup_ = why; }
  bool full() {
    if (running_.size() < limits_.sequences) return false;
    stop(Holdup::sequences);
    return true;
  }
  void pad(Batch& batch) const;

 private:
  // Of a step's guesses and the token behind them, how many are right.
  std::uint32_t kept_tokens(const Sequence& s);

  std::uint64_t waiting_tokens_ = 0;
  RandomStream luck_;  // of guesses
  Holdup holdup_ = Holdup::none;
};

std::unique_ptr<Scheduler> make_scheduler(const ServingLimits& limits, KvBlocks blocks);

}  // namespace orrery
