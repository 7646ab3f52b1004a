#pragma once
// What is asked of machines that serve requests: the load, the targets, what is said in place of the engine's
// own, and who helps.

#include <functional>
#include <optional>
#include <vector>

#include "sim/serve/deployment.h"
#include "sim/workload/llm_spec.h"

namespace orrery {

struct Posed;
class StepSizes;

// What prefills for the question's machine: replicas of another deployment, and what a handover takes beside
// the wire.
struct Prefilling {
  const Posed* question = nullptr;  // null: deployed as what serves
  std::uint32_t replicas = 1;
  std::optional<double> orchestration_s;  // none: the runtime's
  double link_bytes_per_s = 0;            // of a replica; 0 = its node's links
  // Sizes of its steps where it is another kind of machine, which another process simulates: made before this
  // one simulates its own.
  StepSizes* sizes = nullptr;
};

// Speculative decoding: who guesses, and how much of it is kept.
struct Guessing {
  Speculation how;
  std::optional<LlmSpec> draft;  // a model of its own, or a layer of the model's; none: guesses are free
};

struct ServeRequest {
  LoadSpec load;
  RequestTargets targets;
  ServingOverrides overrides;
  RouterKind router = RouterKind::round_robin;
  std::uint32_t replicas = 1;
  std::optional<Prefilling> prefilling;
  std::optional<Guessing> guessing;
  bool find_rate = false;                           // the highest that keeps the targets
  double good_share = 0.9;                          // of the requests, that must keep them
  bool empty_answers_count = false;                 // as latencies of 0: some clients count them so
  bool over_http = true;                            // else the client is in the engine's process
  bool check = true;                                // some steps are simulated whole and compared
  std::function<void(const RequestOutcome&)> each;  // told of every request
};

}  // namespace orrery
