#include "sim/workload/transformer_graph.h"

#include <algorithm>

#include "sim/util/checked.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

// Writes a model's blocks in their order. With `once` a run of alike layers is written as one.
void write_model(const LlmSpec& llm, GraphBuilder& builder, bool once) {
  ResidualStream stream = {llm.embedding.write(builder), std::nullopt};
  std::int32_t layer = 0;
  for (const LayerRun& run : llm.layers) {
    for (std::uint64_t i = 0; i < (once ? 1 : run.times); ++i) {
      builder.set_layer(layer++, run.plain);
      for (const LayerBlock& block : run.blocks)
        stream = std::visit([&](const auto& b) { return b.write(builder, stream); }, block);
    }
  }
  builder.set_layer(-1);
  std::visit([&](const auto& head) { head.write(builder, stream); }, llm.head);
}

}  // namespace

void check_scenario(const LlmSpec& llm, const Scenario& scenario) {
  std::vector<Diagnostic> errors;
  const std::uint32_t tp = scenario.tensor_parallel;
  if (scenario.batch == 0 || scenario.input == 0 || scenario.output == 0) {
    errors.push_back({"", "batch, input and output must be at least 1"});
  }
  bool splits = tp > 0 && llm.hidden % std::max<std::uint32_t>(tp, 1) == 0;
  if (splits) {
    llm.for_each_mixer(
        [&](const auto& block, std::uint64_t /*layers*/) { splits = splits && block.splits(tp); });
  }
  if (!splits) {
    const AttentionBlock* attention = llm.attention();
    const std::string heads = attention == nullptr
                                  ? ""
                                  : " (" + std::to_string(attention->heads) + " heads, " +
                                        std::to_string(attention->kv_heads) + " key/value heads)";
    errors.push_back(
        {"", llm.name + heads + " cannot be split evenly over " + std::to_string(tp) + " devices"});
  }
  if (llm.encoder_only && scenario.output > 1) {
    errors.push_back({"", llm.name + " is an encoder: it generates no tokens (use --output 1)"});
  }
  const std::uint64_t length = scenario.input + scenario.output - 1;
  if (errors.empty() && llm.embedding.positions > 0 && length > llm.max_positions) {
    errors.push_back({"", llm.name + " has " + std::to_string(llm.embedding.positions) +
                              " learned positions; " + std::to_string(length) +
                              " are asked for (--input plus --output less one)"});
  }
  if (!errors.empty()) throw ConfigError(errors);
}

std::vector<std::string> scenario_warnings(const LlmSpec& llm, const Scenario& scenario) {
  std::vector<std::string> warnings;
  const std::uint64_t length = scenario.input + scenario.output - 1;
  if (llm.max_positions > 0 && length > llm.max_positions)
    warnings.push_back(llm.name + " was made for " + std::to_string(llm.max_positions) + " positions; " +
                       std::to_string(length) + " are asked for (--input plus --output less one)");
  std::string omitted;
  for (const std::string& part : llm.omitted) omitted += (omitted.empty() ? "" : ", ") + part;
  if (!omitted.empty()) warnings.push_back(llm.name + ": left out is what its file says in " + omitted);
  return warnings;
}

OperatorGraph build_step(const LlmSpec& llm, const Step& step, const NumberFormats& formats,
                         std::uint32_t tensor_parallel, const ExecutionSpec& execution,
                         std::shared_ptr<TensorNames> names) {
  GraphBuilder builder({step, execution, formats, tensor_parallel, llm.hidden, llm.norm}, std::move(names));
  write_model(llm, builder, false);
  return builder.take();
}

ParameterCount count_parameters(const LlmSpec& llm, const NumberFormats& formats) {
  const Step step = {{{llm.encoder_only ? Phase::prefill : Phase::decode, 1, 1, 1}}};
  const ExecutionSpec execution;
  GraphBuilder builder({step, execution, formats, 1, llm.hidden, llm.norm}, std::make_shared<TensorNames>());
  write_model(llm, builder, true);
  ParameterCount count;
  for (const auto& [id, held] : builder.held()) {
    const std::uint64_t times = id.layer < 0 ? 1 : llm.layers[static_cast<std::size_t>(id.layer)].times;
    count.total = checked_sum(count.total, checked_product({times, held.elements}));
    count.active = checked_sum(count.active, checked_product({times, held.active_elements}));
    const std::uint64_t bytes = StoredFormat{DType::fp16, held.bits}.bytes(held.elements);
    count.bytes = checked_sum(count.bytes, checked_product({times, bytes}));
  }
  return count;
}

}  // namespace orrery
