#pragma once
// Whether a scenario fits a machine's memory, and how a stack runs a batch that does not fit at once.

#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/config/runtime_spec.h"
#include "sim/workload/operator_stream.h"

namespace orrery {

// Throws ConfigError when the model does not fit the machine's memory (how many bytes are missing), or the
// machine lacks the devices.
void check_fits(const StreamInfo& info, const ArchSpec& arch);
// Throws ConfigError where storage does not hold the weights that a step reads from there.
void check_storage(const MemoryNeed& need, const ArchSpec& arch);

// Rounds of one size.
struct Round {
  std::uint64_t batch = 1;
  std::uint64_t times = 1;
};

// So many sequences at a time (paged), the others wait.
struct BatchPlan {
  std::vector<Round> rounds;               // one after the other
  std::uint64_t recomputed_sequences = 0;  // set back when the cache ran out, their tokens computed again
  std::uint64_t round_count() const;
};
// Throws ConfigError: not even one sequence fits, or (`ideal`, no paging) the batch does not fit whole.
BatchPlan plan_batches(const LlmSpec& llm, const Scenario& scenario, const ArchSpec& arch,
                       const RuntimeSpec& runtime);

}  // namespace orrery
