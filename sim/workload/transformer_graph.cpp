#include "sim/workload/transformer_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "sim/util/checked.h"
#include "sim/util/errors.h"
#include "sim/workload/blocks/norm.h"

namespace orrery {
namespace {

// Goes on with a share of each prompt's tokens, of those that read a cache with all of them and a share of
// it: the most important by what attention gave them so far (Wang et al., SpAtten, HPCA 2021, section III).
ResidualStream keep_tokens(GraphBuilder& builder, const Step& all, std::uint64_t ppm,
                           const ResidualStream& stream) {
  if (builder.trains())
    throw ConfigError("", "attention 'tokens': training that leaves tokens out is not modelled");
  if (builder.step().phase() == Phase::prefill &&
      builder.facts().execution.prefill == PrefillMode::token_by_token)
    throw ConfigError("", "attention 'tokens': prompts taken token by token leave none out (not modelled)");
  const auto share = [ppm](std::uint64_t tokens) {
    return ceil_div(checked_product({tokens, ppm}), kWholeDensity);
  };
  Step kept = all;
  for (std::size_t i = 0; i < kept.groups.size(); ++i) {
    SequenceGroup& g = kept.groups[i];
    const std::vector<std::uint64_t> among = {g.sequences, builder.step().groups[i].context};
    builder.append(OperatorKind::topk, VectorShape{among[0], among[1]},
                   {builder.cache("importance" + group_suffix(i), among)},
                   {builder.activation("tokens_kept" + group_suffix(i), among)});
    g.context = share(g.context);
    if (g.phase != Phase::decode) g.new_tokens = share(g.new_tokens);
    g.context = std::max(g.context, g.new_tokens);
  }
  builder.use_step(std::move(kept));
  const auto rows = [&](const Tensor& x) { return view(x, {builder.rows(), x.shape.back()}); };
  ResidualStream out{rows(stream.x), std::nullopt};
  if (stream.branch) out.branch = rows(*stream.branch);
  return out;
}

// Writes a model's blocks in their order. With `once` a run of alike layers is written as one.
ResidualStream write_layers(GraphBuilder& builder, const FrontBlock& front, const std::vector<LayerRun>& runs,
                            bool once, std::int32_t& layer) {
  ResidualStream stream = std::visit([&](const auto& f) { return f.write(builder); }, front);
  const Step all = builder.step();
  std::uint64_t kept_ppm = kWholeDensity;
  for (const LayerRun& run : runs) {
    for (std::uint64_t i = 0; i < (once ? 1 : run.times); ++i) {
      builder.set_layer(layer++, run.plain);
      if (run.kept_ppm != kept_ppm) {
        kept_ppm = run.kept_ppm;
        stream = keep_tokens(builder, all, kept_ppm, stream);
      }
      for (const LayerBlock& block : run.blocks)
        stream = std::visit([&](const auto& b) { return b.write(builder, stream); }, block);
    }
  }
  builder.set_layer(-1);
  return stream;
}

// Reads the prompts; what follows goes on with a first token of each sequence, or trains on as many as were
// read.
void write_encoder(const SourceEncoder& encoder, GraphBuilder& builder, bool once, std::int32_t& layer) {
  const ResidualStream stream = write_layers(builder, encoder.front, encoder.layers, once, layer);
  builder.set_source(stream.branch
                         ? add_norm(builder, stream.x, *stream.branch, "x_encoded", "encoder_norm").second
                         : norm(builder, stream.x, "encoder_norm", "encoder_norm_weight"));
  Step first;
  for (const SequenceGroup& g : builder.step().groups)
    first.groups.push_back({g.phase, g.sequences, builder.trains() ? g.new_tokens : 1,
                            builder.trains() ? g.new_tokens : 1, g.new_tokens});
  builder.use_step(std::move(first));
}

void write_model(const LlmSpec& llm, GraphBuilder& builder, bool once) {
  std::int32_t layer = 0;
  if (llm.encoder) {
    if (builder.step().phase() != Phase::decode) {
      write_encoder(*llm.encoder, builder, once, layer);
    } else {
      for (const LayerRun& run : llm.encoder->layers)
        layer += static_cast<std::int32_t>(once ? 1 : run.times);
    }
  }
  const ResidualStream stream = write_layers(builder, llm.front, llm.layers, once, layer);
  std::visit([&](const auto& head) { head.write(builder, stream); }, llm.head);
}

// Of the weights that a graph reads, what memory does not hold: in pieces of a megabyte.
StoredPieces not_in_memory(const OperatorGraph& graph, double resident_share) {
  constexpr std::uint64_t kPiece = 1'000'000;
  std::map<TensorName, std::uint64_t> bytes;  // of each tensor; the largest view of it
  for (const Operator& op : graph.operators) {
    for (const Tensor& t : op.inputs) {
      if (t.kind == TensorKind::weight && !gathers(op.kind)) bytes[t.id] = std::max(bytes[t.id], t.bytes());
    }
  }
  double all = 0;
  for (const auto& [id, b] : bytes) all += static_cast<double>(b);
  return {static_cast<std::uint64_t>(std::ceil((1 - resident_share) * all / kPiece)), kPiece};
}

}  // namespace

bool leaves_tokens_out(const LlmSpec& llm) {
  return std::any_of(llm.layers.begin(), llm.layers.end(),
                     [](const LayerRun& run) { return run.kept_ppm < kWholeDensity; });
}

Step compiled(Step step, const ExecutionSpec& execution) {
  for (SequenceGroup& g : step.groups) {
    const std::uint64_t before = g.context - g.new_tokens;
    if (g.phase == Phase::prefill && execution.prefill == PrefillMode::parallel) {
      g.new_tokens = round_up<std::uint64_t>(g.new_tokens, execution.compiled_prompt_tokens);
      g.context = before + g.new_tokens;
    } else if (g.phase != Phase::training) {
      g.context = round_up<std::uint64_t>(g.context, execution.compiled_context_tokens);
    }
  }
  return step;
}

std::uint64_t positions_of(const LlmSpec& llm, const Scenario& scenario) {
  return llm.encoder ? scenario.output : scenario.input + scenario.output - 1;
}

std::uint64_t Scenario::step_tokens(std::uint64_t budget) const {
  const std::uint64_t tokens = checked_product({replica_batch(), input});
  return std::max<std::uint64_t>(1, std::min(budget, ceil_div<std::uint64_t>(tokens, split.pieces())));
}

void check_scenario(const LlmSpec& llm, const Scenario& scenario) {
  std::vector<Diagnostic> errors;
  const Parallelism& split = scenario.split;
  if (scenario.batch == 0 || scenario.input == 0 || scenario.output == 0) {
    errors.push_back({"", "batch, input and output must be at least 1"});
  }
  std::string misfit = undivided(llm.hidden, "elements of a token's row", split);
  bool experts = false;
  llm.for_each_mixer([&](const auto& block, std::uint64_t /*layers*/) {
    if (misfit.empty()) misfit = block.misfit(split);
    experts = experts || std::is_same_v<std::decay_t<decltype(block)>, MixtureBlock>;
  });
  if (misfit.empty() && split.expert > 1 && !experts)
    misfit = fmt::format("--ep {} of a model without experts", split.expert);
  if (misfit.empty() && split.context > 1 && llm.encoder)
    misfit = whole_context(split, "an encoder and a decoder");
  if (misfit.empty() && (split.pipeline > 1 || split.context > 1) && leaves_tokens_out(llm))
    misfit = fmt::format("tokens left out along layers over {}", split.pipeline > 1
                                                                     ? fmt::format("--pp {}", split.pipeline)
                                                                     : fmt::format("--cp {}", split.context));
  if (!misfit.empty()) errors.push_back({"", llm.name + " cannot be divided so: " + misfit});
  if (scenario.batch > 0 && scenario.batch < split.data)
    errors.push_back({"", fmt::format("--dp {}: a batch of {} leaves replicas without a sequence", split.data,
                                      scenario.batch)});
  if (llm.encoder_only && scenario.output > 1) {
    errors.push_back({"", llm.name + " is an encoder: it generates no tokens (use --output 1)"});
  }
  if (scenario.step && (llm.encoder || llm.encoder_only))
    errors.push_back({"", llm.name + ": --step is of decoders alone"});
  if (scenario.step && split.pipeline > 1)
    errors.push_back({"", "--step runs one step: through a pipeline give --batch, --input and --output"});
  const std::uint64_t length = positions_of(llm, scenario);
  if (errors.empty() && llm.encoder && llm.encoder->positions > 0 &&
      scenario.input > llm.encoder->positions) {
    errors.push_back({"", llm.name + " reads at most " + std::to_string(llm.encoder->positions) +
                              " positions of a prompt; --input is " + std::to_string(scenario.input)});
  }
  if (errors.empty() && llm.learned_positions > 0 && length > llm.max_positions) {
    errors.push_back({"", llm.name + " has " + std::to_string(llm.learned_positions) +
                              " learned positions; " + std::to_string(length) +
                              " are asked for (--input plus --output less one)"});
  }
  if (!errors.empty()) throw ConfigError(errors);
}

std::vector<std::string> scenario_warnings(const LlmSpec& llm, const Scenario& scenario) {
  std::vector<std::string> warnings;
  const std::uint64_t length = positions_of(llm, scenario);
  if (llm.max_positions > 0 && length > llm.max_positions)
    warnings.push_back(llm.name + " was made for " + std::to_string(llm.max_positions) + " positions; " +
                       std::to_string(length) + " are asked for (--input plus --output less one)");
  if (const AttentionBlock* attention = llm.attention(); attention != nullptr && scenario.split.tensor > 1) {
    const std::uint64_t devices = scenario.split.tensor;
    const auto [query, kv] = attention->on_each(devices);
    if (query * devices != attention->heads)
      warnings.push_back(fmt::format("{}: {} heads over --tp {} are padded to {}", llm.name, attention->heads,
                                     devices, query * devices));
    if (kv * devices > attention->kv_heads)
      warnings.push_back(fmt::format("{}: {} key/value heads over --tp {} are replicated to {}", llm.name,
                                     attention->kv_heads, devices, kv * devices));
  }
  std::string omitted;
  for (const std::string& part : llm.omitted) omitted += (omitted.empty() ? "" : ", ") + part;
  if (!omitted.empty()) warnings.push_back(llm.name + ": left out is what its file says in " + omitted);
  return warnings;
}

OperatorGraph build_step(const LlmSpec& llm, const Step& step, const NumberFormats& formats,
                         const Parallelism& split, const ExecutionSpec& execution,
                         std::shared_ptr<TensorNames> names) {
  const Step whole = compiled(step, execution);
  GraphBuilder builder({whole, execution, formats, split, llm.hidden, llm.norm, llm.dropout},
                       std::move(names));
  write_model(llm, builder, false);
  OperatorGraph graph = builder.take();
  if (execution.stored_weights && execution.stored_weights->loaded_share <= 0)
    graph.stored.push_back(not_in_memory(graph, execution.resident_share()));
  return graph;
}

ParameterCount count_parameters(const LlmSpec& llm, const NumberFormats& formats) {
  return device_parameters(llm, formats, {});
}

ParameterCount device_parameters(const LlmSpec& llm, const NumberFormats& formats, const Parallelism& split,
                                 const ExecutionSpec& execution) {
  const Step step = {{{llm.encoder_only || llm.encoder ? Phase::prefill : Phase::decode, 1, 1, 1, 1}}};
  GraphBuilder builder({step, execution, formats, split, llm.hidden, llm.norm, llm.dropout},
                       std::make_shared<TensorNames>());
  write_model(llm, builder, true);
  ParameterCount count;
  const std::vector<const LayerRun*> runs = llm.runs();
  for (const auto& [id, held] : builder.held()) {
    const LayerRun* run = id.layer < 0 ? nullptr : runs[static_cast<std::size_t>(id.layer)];
    if (run != nullptr && run->continues) continue;
    const std::uint64_t times = run == nullptr || run->one_set ? 1 : run->times;
    count.total = checked_sum(count.total, checked_product({times, held.elements}));
    count.active = checked_sum(count.active, checked_product({times, held.active_elements}));
    const std::uint64_t bytes = StoredFormat{DType::fp16, held.bits}.bytes(held.elements);
    count.bytes = checked_sum(count.bytes, checked_product({times, bytes}));
  }
  return count;
}

}  // namespace orrery
