#include "sim/serve/deployment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/engine/machine.h"
#include "sim/serve/batch_plan.h"
#include "sim/timing/collective_choice.h"
#include "sim/timing/matrix_timing.h"
#include "sim/util/errors.h"
#include "sim/workload/pipeline.h"

namespace orrery {
namespace {

constexpr std::uint64_t kAnyContext = 32768;  // of a model that does not say how long it may be

// Keys and values of a sequence: what each further token of a long one takes, what layers with windows take
// beside (a token of a short one, and at most), and what is kept whatever its length.
struct CacheLine {
  double per_token = 0, window_per_token = 0, window = 0, state = 0;
  double of_long() const { return per_token + window + state; }
};

CacheLine cache_line(const LlmSpec& stage, const Scenario& scenario) {
  constexpr std::uint64_t kLong = std::uint64_t{1} << 22;  // longer than any window
  const auto bytes = [&](std::uint64_t tokens) {
    return static_cast<double>(kv_bytes(stage, scenario, tokens)) +
           static_cast<double>(index_bytes_per_token(stage, scenario)) * static_cast<double>(tokens);
  };
  CacheLine line;
  line.per_token = (bytes(2 * kLong) - bytes(kLong)) / static_cast<double>(kLong);
  line.window_per_token = bytes(1) - line.per_token;
  line.window = bytes(kLong) - line.per_token * static_cast<double>(kLong);
  line.state = static_cast<double>(kept_state(stage, scenario).bytes);
  return line;
}

ServingLimits limits_on(const LlmSpec& llm, const ArchSpec& arch, const RuntimeSpec& runtime,
                        const ServingOverrides& o) {
  ServingLimits limits = runtime.serving.on(
      arch.name, static_cast<double>(arch.dram.capacity_bytes) / static_cast<double>(kGiB));
  if (o.policy) limits.policy = *o.policy;
  if (o.token_budget) limits.token_budget = *o.token_budget;
  if (o.sequences) limits.sequences = *o.sequences;
  if (o.block_tokens) limits.block_tokens = static_cast<std::uint32_t>(*o.block_tokens);
  if (o.chunked_prefill) limits.chunked_prefill = *o.chunked_prefill;
  if (o.prefix_cache) limits.prefix_cache = *o.prefix_cache;
  if (o.ahead) limits.ahead = *o.ahead;
  if (runtime.serving.budget_of_context && !limits.chunked_prefill && !o.token_budget)
    limits.token_budget =
        std::max(limits.token_budget, llm.max_positions > 0 ? llm.max_positions : kAnyContext);
  return limits;
}

}  // namespace

Deployment deploy(const LlmSpec& llm, const Scenario& asked, const ArchSpec& arch, const RuntimeSpec& runtime,
                  const ServingOverrides& overrides) {
  check_machine(arch);
  check_formats(arch, asked.formats);
  if (llm.encoder || llm.encoder_only)
    throw ConfigError("", llm.name + ": requests are served of decoders alone");
  if (leaves_tokens_out(llm))
    throw ConfigError("", llm.name +
                              ": steps that leave out a share of their prompts' tokens beside all of those "
                              "that decode are not modelled in serving (attention 'tokens')");
  Deployment d;
  d.split = asked.split;
  if (!d.split.experts_across_replicas()) {
    d.replicas = d.split.data;
    d.split.data = 1;
  }
  check_devices(arch.node, d.split.devices());  // of a replica
  d.execution = runtime.on(arch.execution);
  d.replica.limits = limits_on(llm, arch, runtime, overrides);
  d.replica.ranks = d.split.data;
  d.replica.stages = d.split.pipeline;
  d.replica.devices = d.split.devices();
  const bool together = d.split.devices() > 1;
  d.replica.step_s = 1e-6 * (runtime.step_us + (together ? runtime.group_us : 0));
  d.replica.sequence_s = 1e-6 * runtime.sequence_us;
  d.replica.kernel_gap_s = 1e-6 * runtime.kernel_gap_us;
  Scenario full = asked;
  full.split = d.split;
  full.batch = d.split.data;
  full.input = d.replica.limits.token_budget;
  if (llm.max_positions > 0) full.input = std::min(full.input, llm.max_positions);
  full.output = 1;
  check_scenario(llm, full);
  d.memory = memory_need(llm, full, arch.execution, d.replica.limits.token_budget);
  check_storage(d.memory, arch);
  const double allocatable = static_cast<double>(arch.dram.allocatable_bytes);
  const double share =
      overrides.memory_share.value_or(runtime.kv_memory_fraction > 0 ? runtime.kv_memory_fraction : 1.0);
  const double other = runtime.serving.other_gib * static_cast<double>(kGiB) +
                       runtime.serving.logit_bytes * static_cast<double>(llm.vocab) *
                           static_cast<double>(d.replica.limits.sequences) +
                       overrides.draft_bytes;
  const double room =
      share * allocatable - other - static_cast<double>(d.memory.weights + d.memory.activations);
  // The stage that keeps most of a sequence bounds how many there are.
  CacheLine most;
  for (const LlmSpec& stage : pipeline_stages(llm, d.split.pipeline)) {
    const CacheLine line = cache_line(stage, full);
    d.kv_bytes_per_token += line.per_token * d.split.tensor;
    d.kv_fixed_bytes += (line.window + line.state) * d.split.tensor;
    if (line.of_long() >= most.of_long()) most = line;
  }
  // Where no token adds to what is kept, all of a sequence is one block.
  CacheShape& cache = d.replica.cache;
  const bool grows = most.per_token > 0;
  cache.block_tokens = grows ? d.replica.limits.block_tokens : std::numeric_limits<std::uint32_t>::max();
  const double block_bytes =
      grows ? most.per_token * cache.block_tokens : std::max(1.0, most.window + most.state);
  if (grows) {
    cache.window_share = most.window_per_token / most.per_token;
    cache.window_blocks = most.window / block_bytes;
    cache.state_blocks = most.state / block_bytes;
  }
  cache.blocks = overrides.kv_blocks.value_or(room > 0 ? static_cast<std::uint64_t>(room / block_bytes) : 0);
  if (static_cast<double>(cache.blocks) < 1 + cache.state_blocks) {
    throw ConfigError(
        "", fmt::format("{} does not fit {} under {}: of the {:.1f} GB it may fill, weights take {:.1f} GB, "
                        "a full step's activations {:.1f} GB and the engine's own {:.1f} GB; keys and values "
                        "have no room. More devices (--tp, --pp) or narrower --weights would help",
                        llm.name, arch.name, runtime.name, 1e-9 * share * allocatable,
                        1e-9 * static_cast<double>(d.memory.weights),
                        1e-9 * static_cast<double>(d.memory.activations), 1e-9 * other));
  }
  if (overrides.host_kv_bytes > 0) {
    const double way =
        overrides.host_bytes_per_s > 0 ? overrides.host_bytes_per_s : arch.node.host.bytes_per_s;
    if (way <= 0)
      throw ConfigError("", arch.name +
                                ": no way to the host's memory is known over which keys and values could "
                                "go; --host-link says one (PCIe 4.0 x16 is 32 GB/s each way, 5.0 64)");
    cache.host_blocks = static_cast<std::uint64_t>(overrides.host_kv_bytes / block_bytes);
    d.replica.host_block_s = block_bytes / way;
  }
  d.memory.kv_cache = static_cast<std::uint64_t>(static_cast<double>(cache.blocks) * block_bytes);
  return d;
}

}  // namespace orrery
