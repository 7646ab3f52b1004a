#include "sim/serve/batch_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/engine/machine.h"
#include "sim/timing/collective_choice.h"
#include "sim/timing/matrix_timing.h"
#include "sim/util/errors.h"

namespace orrery {

namespace {

// Whether the machine can run it at all, memory and formats aside.
void check_runs(const Scenario& scenario, const ArchSpec& arch) {
  check_machine(arch);
  check_devices(arch.node, scenario.split.devices());
}

}  // namespace

void check_storage(const MemoryNeed& need, const ArchSpec& arch) {
  if (!arch.storage || need.stored <= arch.storage->capacity_bytes) return;
  throw ConfigError("", fmt::format("{}: the storage of {:.1f} GB does not hold weights of {:.1f} GB",
                                    arch.name, 1e-9 * static_cast<double>(arch.storage->capacity_bytes),
                                    1e-9 * static_cast<double>(need.stored)));
}

void check_fits(const StreamInfo& info, const ArchSpec& arch) {
  check_runs(info.scenario, arch);
  const MemoryNeed& need = info.memory;
  check_storage(need, arch);
  if (need.total() <= arch.dram.allocatable_bytes) return;
  throw ConfigError(
      "",
      fmt::format(
          "{} in {} does not fit {}: each device needs {} bytes (weights {}, KV cache {}, activations {}) "
          "and "
          "has {} of DRAM to allocate ({:.1f} of {:.1f} GiB): {} bytes are missing. More devices, a smaller "
          "batch or a "
          "narrower --dtype would "
          "help",
          info.model, to_string(info.scenario.formats.arithmetic()), arch.name, need.total(), need.weights,
          need.kv_cache, need.activations, arch.dram.allocatable_bytes,
          static_cast<double>(need.total()) / static_cast<double>(kGiB),
          static_cast<double>(arch.dram.allocatable_bytes) / static_cast<double>(kGiB),
          need.total() - arch.dram.allocatable_bytes));
}

std::uint64_t BatchPlan::round_count() const {
  std::uint64_t sum = 0;
  for (const Round& round : rounds) sum += round.times;
  return sum;
}

BatchPlan plan_batches(const LlmSpec& llm, const Scenario& scenario, const ArchSpec& arch,
                       const RuntimeSpec& runtime) {
  check_formats(arch, scenario.formats);
  if (runtime.kv_memory_fraction <= 0 || scenario.step) {
    check_fits(stream_info(llm, scenario, arch.execution, runtime.token_budget), arch);
    return {{{scenario.batch, 1}}, 0};
  }
  check_runs(scenario, arch);
  MemoryNeed need = memory_need(llm, scenario, arch.execution, runtime.token_budget);
  check_storage(need, arch);
  const std::uint64_t replicas = scenario.split.data;
  const std::uint64_t batch = scenario.replica_batch();
  need.kv_cache /= batch;  // of a sequence
  const double room = runtime.kv_memory_fraction * static_cast<double>(arch.dram.allocatable_bytes) -
                      static_cast<double>(need.weights + need.activations);
  const double sequence = std::max(1.0, static_cast<double>(need.kv_cache));
  if (room < sequence) {
    throw ConfigError(
        "", fmt::format("{} does not fit {} under {}: weights and activations take {:.1f} GB of the "
                        "{:.1f} GB it may fill, and a sequence of {} tokens needs {:.1f} GB more",
                        llm.name, arch.name, runtime.name,
                        1e-9 * static_cast<double>(need.weights + need.activations),
                        1e-9 * runtime.kv_memory_fraction * static_cast<double>(arch.dram.allocatable_bytes),
                        scenario.input + scenario.output, 1e-9 * sequence));
  }
  const auto at_once = static_cast<std::uint64_t>(room / sequence);
  BatchPlan plan;
  if (batch >= at_once) plan.rounds.push_back({at_once * replicas, batch / at_once});
  if (batch % at_once > 0) plan.rounds.push_back({batch % at_once * replicas, 1});
  if (runtime.preempts && batch > at_once) {
    // As many start as have room for their prompts; those beyond what the grown caches leave are set back.
    const double prompt = sequence * static_cast<double>(scenario.input) /
                          static_cast<double>(scenario.input + scenario.output);
    const auto started = std::min<std::uint64_t>(batch, static_cast<std::uint64_t>(room / prompt));
    plan.recomputed_sequences = (started - at_once) * replicas;
  }
  return plan;
}

}  // namespace orrery
