#include "sim/workload/memory_need.h"

#include <algorithm>

#include "sim/util/checked.h"

namespace orrery {

MemoryNeed memory_need(const LlmSpec& llm, const Scenario& scenario, std::uint64_t token_budget) {
  return memory_need(llm, scenario, token_budget, count_parameters(llm, scenario.formats));
}

MemoryNeed memory_need(const LlmSpec& llm, const Scenario& scenario, std::uint64_t token_budget,
                       const ParameterCount& parameters) {
  const std::uint64_t tp = scenario.split.tensor;
  MemoryNeed need;
  need.weights = parameters.bytes / tp;
  const std::uint64_t context = positions_of(llm, scenario);
  const std::uint64_t index = checked_product({index_bytes_per_token(llm, scenario), context});
  const std::uint64_t source = checked_product({source_bytes_per_token(llm, scenario), scenario.input});
  const std::uint64_t sequence = checked_sum(checked_sum(kv_bytes(llm, scenario, context), index),
                                             checked_sum(source, kept_state(llm, scenario).bytes));
  need.kv_cache = checked_product({sequence, scenario.batch});
  // Prompts in pieces, unless attention reads both ways; a token of each sequence at the least.
  const std::uint64_t prompts = checked_product({scenario.batch, scenario.input});
  const std::uint64_t least = llm.encoder_only || llm.encoder ? scenario.input : scenario.batch;
  const std::uint64_t tokens = std::max(least, std::min(prompts, token_budget));
  std::uint64_t widest = llm.hidden;
  llm.for_each_mixer(
      [&](const auto& block, std::uint64_t /*layers*/) { widest = std::max(widest, block.widest(tp)); });
  need.activations = scenario.formats.plain.bytes(checked_product({tokens, llm.hidden + widest}));
  return need;
}

std::uint64_t index_bytes_per_token(const LlmSpec& llm, const Scenario& scenario) {
  std::uint64_t elements = 0;
  llm.for_each_mixer([&](const auto& block, std::uint64_t layers) {
    using Block = std::decay_t<decltype(block)>;
    if constexpr (std::is_same_v<Block, LatentAttentionBlock> || std::is_same_v<Block, AttentionBlock>) {
      if (block.index) elements = checked_sum(elements, checked_product({layers, block.index->head_dim}));
    }
  });
  return scenario.formats.kv.bytes(elements);
}

std::uint64_t source_bytes_per_token(const LlmSpec& llm, const Scenario& scenario) {
  std::uint64_t elements = 0;
  llm.for_each_mixer([&](const auto& block, std::uint64_t layers) {
    if constexpr (std::is_same_v<std::decay_t<decltype(block)>, CrossAttentionBlock>)
      elements =
          checked_sum(elements, checked_product({layers, block.source_elements(scenario.split.tensor)}));
  });
  return scenario.formats.kv.bytes(elements);
}

KeptState kept_state(const LlmSpec& llm, const Scenario& scenario) {
  KeptState all;
  llm.for_each_mixer([&](const auto& block, std::uint64_t layers) {
    const KeptState one = block.state(scenario.split.tensor, scenario.formats.plain);
    all.elements = checked_sum(all.elements, checked_product({layers, one.elements}));
    all.bytes = checked_sum(all.bytes, checked_product({layers, one.bytes}));
  });
  return all;
}

std::uint64_t kv_bytes(const LlmSpec& llm, const Scenario& scenario, std::uint64_t context) {
  std::uint64_t elements = 0;
  llm.for_each_mixer([&](const auto& block, std::uint64_t layers) {
    elements = checked_sum(elements,
                           checked_product({layers, block.cached_elements(scenario.split.tensor, context)}));
  });
  return scenario.formats.kv.bytes(elements);
}

}  // namespace orrery
