#pragma once
// Requests through replicas, as discrete events: arrivals, ends of steps, keys and values on their way.

#include <functional>
#include <memory>
#include <vector>

#include "sim/serve/curve.h"
#include "sim/serve/distribution.h"
#include "sim/serve/replica.h"
#include "sim/serve/request_source.h"
#include "sim/serve/router.h"

namespace orrery {

// Replicas that are alike.
struct ReplicaGroup {
  ReplicaSpec spec;
  StepCosts* costs = nullptr;
  std::uint32_t count = 1;
};

// From machines that compute prompts to machines that decode.
struct Handover {
  double bytes_per_token = 0;  // of keys and values, of all devices
  double fixed_bytes = 0;      // a sequence
  double bytes_per_s = 0;      // of a replica's links
  double orchestration_s = 0;  // beside the wire
};

struct ServingSetup {
  ReplicaGroup serving;                  // decodes, and computes prompts where nobody else does
  std::vector<ReplicaGroup> prefilling;  // none, or one: computes prompts for those
  Handover handover;
  RouterKind router = RouterKind::round_robin;
  double request_s = 0;              // from a client to the scheduler and back, a request
  double prompt_token_s = 0;         // of that, a token of the prompt
  bool empty_answers_count = false;  // as latencies of 0, as vLLM's client has them; else they have none
  std::uint64_t most_positions = 0;  // of a sequence; 0 = any
};

// Targets that a request keeps or not; 0 = none.
struct RequestTargets {
  double ttft_s = 0, tpot_s = 0, e2e_s = 0;
  bool any() const { return ttft_s > 0 || tpot_s > 0 || e2e_s > 0; }
};

struct ServingOutcome {
  std::uint64_t arrived = 0, finished = 0, refused = 0, good = 0, preemptions = 0;
  std::uint64_t input_tokens = 0, output_tokens = 0, cached_tokens = 0;
  std::string why_refused;  // the first
  double first_arrival_s = 0, last_arrival_s = 0, end_s = 0;
  Distribution ttft, tpot, itl, e2e, queued;
  Curve waiting, running, kv_used;
  Curve dynamic_w,
      prefill_dynamic_w;  // of all devices beyond static power; of those that only compute prompts
  StepSums steps;         // of all replicas
  std::uint64_t steps_of_prefill = 0;  // that machines for prompts made
  double prefill_dynamic_j = 0;        // of those, part of that of all steps
  double peak_kv = 0;
};

// `each`: told of every request when it is finished. `progress`: finished ones, now and then.
struct ServingListeners {
  std::function<void(const RequestOutcome&)> each;
  std::function<void(std::uint64_t)> progress;
};

class ServingRun {
 public:
  explicit ServingRun(const ServingSetup& setup);
  ~ServingRun();
  ServingOutcome run(RequestSource& source, const LoadSpec& load, const RequestTargets& targets,
                     const ServingListeners& listeners = {});
  // Those that serve first.
  const std::vector<std::unique_ptr<Replica>>& replicas() const { return replicas_; }

 private:
  const ServingSetup setup_;
  std::vector<std::unique_ptr<Replica>> replicas_;
  class Events;
};

}  // namespace orrery
