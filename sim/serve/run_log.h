#pragma once
// What an inference did, phase by phase, and the result that people get of it.

#include <vector>

#include "sim/config/runtime_spec.h"
#include "sim/engine/operator_runner.h"
#include "sim/stats/run_result.h"
#include "sim/stats/tally.h"
#include "sim/workload/operator_stream.h"

namespace orrery {

// All steps of a prompt phase and of the decoding after it.
struct Phases {
  Tally prefill, decode;
  double seconds() const { return prefill.seconds + decode.seconds; }
};

// Phases in the order they ran in.
class RunLog {
 public:
  // `times` times, one after the other.
  void add(const Phases& round, std::uint64_t times);
  // Prompts computed again, whose sequences have had their first tokens.
  void add_again(const Phases& part);

  double seconds() const { return all_.seconds(); }

  // `info.memory`: of the sequences that run at once.
  RunResult result(const StreamInfo& info, const OperatorRunner& runner, const RuntimeSpec& runtime) const;

 private:
  Phases all_;
  double first_tokens_ = 0;  // when every sequence has its first
  std::vector<Tally::Part> curve_;

  void draw(const Phases& round, std::uint64_t times);
};

}  // namespace orrery
