#include "sim/workload/memory_need.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/util/checked.h"
#include "sim/util/errors.h"
#include "sim/util/units.h"
#include "sim/workload/pipeline.h"

namespace orrery {

namespace {

MemoryNeed stage_need(const LlmSpec& llm, const Scenario& scenario, const ExecutionSpec& execution,
                      std::uint64_t token_budget) {
  const Parallelism& split = scenario.split;
  const std::uint64_t batch = scenario.replica_batch();
  MemoryNeed need;
  need.weights = device_parameters(llm, scenario.formats, split, execution).bytes;
  const std::uint64_t index = index_bytes_per_token(llm, scenario);
  const std::uint64_t source = checked_product({source_bytes_per_token(llm, scenario), scenario.input});
  const std::uint64_t whatever_length = checked_sum(source, kept_state(llm, scenario).bytes);
  const auto add_sequences = [&](std::uint64_t sequences, std::uint64_t length) {
    const std::uint64_t positions = ceil_div<std::uint64_t>(length, split.context);
    const std::uint64_t each =
        checked_sum(checked_sum(kv_bytes(llm, scenario, positions), checked_product({index, positions})),
                    whatever_length);
    need.kv_cache = checked_sum(need.kv_cache, checked_product({each, sequences}));
  };
  if (scenario.step) {
    for (const SequenceGroup& g : scenario.step->groups) add_sequences(g.sequences, g.context);
  } else {
    add_sequences(batch, positions_of(llm, scenario));
  }
  // Prompts in pieces, unless attention reads both ways; a token of each sequence at the least.
  const std::uint64_t least =
      llm.encoder_only || llm.encoder ? scenario.input : ceil_div(batch, scenario.micro_batches());
  const std::uint64_t at_once =
      scenario.step ? scenario.step->tokens() : std::max(least, scenario.step_tokens(token_budget));
  const std::uint64_t tokens = ceil_div<std::uint64_t>(at_once, split.context);
  std::uint64_t widest = llm.hidden;
  llm.for_each_mixer([&](const auto& block, std::uint64_t /*layers*/) {
    widest = std::max(widest, block.widest(split.tensor));
  });
  need.activations = scenario.formats.plain.bytes(checked_product({tokens, llm.hidden + widest}));
  return need;
}

// Of weights, those of feed-forward blocks.
double feed_forward_share(const LlmSpec& llm, const Scenario& scenario, double weight_bytes) {
  double elements = 0;
  llm.for_each_mixer([&](const auto& block, std::uint64_t layers) {
    if constexpr (std::is_same_v<std::decay_t<decltype(block)>, FeedForwardBlock>) {
      const double rows = block.activation == ActivationKind::gelu ? 2 : 3;
      elements += static_cast<double>(layers) * rows *
                  static_cast<double>(block.width / scenario.split.tensor) * static_cast<double>(llm.hidden);
    }
  });
  const auto& narrow = scenario.formats.products[static_cast<std::size_t>(TensorGroup::feed_forward)];
  const StoredFormat& format = narrow ? narrow->weights : scenario.formats.plain;
  return static_cast<double>(format.bytes(static_cast<std::uint64_t>(elements))) / weight_bytes;
}

// Memory has a share of the weights, storage all of them.
void hold_in_part(MemoryNeed& need, const LlmSpec& llm, const Scenario& scenario,
                  const StoredWeightsSpec& how) {
  need.stored = need.weights;
  const auto all = static_cast<double>(need.weights);
  need.weights = static_cast<std::uint64_t>(std::ceil(how.resident_share * all));
  if (how.loaded_share <= 0) return;
  const double others = 1 - feed_forward_share(llm, scenario, all);
  if (how.resident_share < others - 1e-3)
    throw ConfigError(
        "", fmt::format("{}: memory holds a share of {:.3g} of the weights ('resident_share'); with "
                        "'loaded_share' it holds all but feed-forward blocks, at least {:.3f}",
                        llm.name, how.resident_share, others));
}

}  // namespace

MemoryNeed memory_need(const LlmSpec& llm, const Scenario& scenario, const ExecutionSpec& execution,
                       std::uint64_t token_budget) {
  MemoryNeed most;
  for (const LlmSpec& stage : pipeline_stages(llm, scenario.split.pipeline)) {
    MemoryNeed need = stage_need(stage, scenario, execution, token_budget);
    if (execution.stored_weights) hold_in_part(need, stage, scenario, *execution.stored_weights);
    if (need.total() >= most.total()) most = need;
  }
  return most;
}

namespace {

// Of so many elements a token, what tokens that are left out on the way to the block leave of it.
template <class Block>
std::uint64_t of_kept_tokens(const Block& block, std::uint64_t elements) {
  if constexpr (std::is_same_v<Block, AttentionBlock>)
    return ceil_div(checked_product({elements, block.kept_ppm}), kWholeDensity);
  return elements;
}

}  // namespace

std::uint64_t kv_bytes_per_token(const LlmSpec& llm, const Scenario& scenario) {
  std::uint64_t most = 0;
  for (const LlmSpec& stage : pipeline_stages(llm, scenario.split.pipeline)) {
    std::uint64_t elements = 0;
    stage.for_each_mixer([&](const auto& block, std::uint64_t layers) {
      const std::uint64_t all = checked_product({layers, block.cached_elements(scenario.split.tensor, 1)});
      elements = checked_sum(elements, of_kept_tokens(block, all));
    });
    most = std::max(most, scenario.formats.kv.bytes(elements));
  }
  return most;
}

std::uint64_t index_bytes_per_token(const LlmSpec& llm, const Scenario& scenario) {
  std::uint64_t elements = 0;
  llm.for_each_mixer([&](const auto& block, std::uint64_t layers) {
    using Block = std::decay_t<decltype(block)>;
    if constexpr (std::is_same_v<Block, LatentAttentionBlock> || std::is_same_v<Block, AttentionBlock>) {
      if (!block.index) return;
      const std::uint64_t all = checked_product({layers, block.index->kept_elements(scenario.split.tensor)});
      elements = checked_sum(elements, of_kept_tokens(block, all));
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
