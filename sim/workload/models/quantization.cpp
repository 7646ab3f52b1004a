#include "sim/workload/models/quantization.h"

#include <algorithm>

#include "sim/util/nearest_name.h"
#include "sim/workload/models/module_names.h"

namespace orrery {
namespace {

constexpr const char* kKey = "quantization_config";
constexpr std::int64_t kMostGroup = 1 << 20;

// A format for some modules of the model.
struct Part {
  std::vector<std::string> targets;  // empty: all of its products
  ProductFormat format;
};

struct Facts {
  std::vector<Part> parts;
  std::vector<std::string> ignored;  // modules
  std::optional<StoredFormat> kv;
  Sparsity sparsity = {};
};

StoredFormat integers(std::int64_t bits) {
  const DType dtype = bits <= 4 ? DType::int4 : DType::int8;
  return {dtype, ElementBits::of(static_cast<std::uint32_t>(bits))};
}

// With `bits` for every `group` elements; a group of no size is a whole row, which shares next to nothing.
StoredFormat with_shared(StoredFormat format, std::int64_t bits, std::int64_t group) {
  if (group > 0)
    format.bits = format.bits +
                  ElementBits::shared(static_cast<std::uint32_t>(bits), static_cast<std::uint64_t>(group));
  return format;
}

std::vector<std::string> listed(FactReader& reader, std::initializer_list<const char*> keys) {
  std::vector<std::string> all;
  for (const char* key : keys) {
    if (reader.is_string(key)) {
      all.push_back(reader.word(key, ""));
      continue;
    }
    for (std::string& name : reader.words(key)) all.push_back(std::move(name));
  }
  return all;
}

// Scales of 32 bits for blocks of weights; activations in rows of as many columns, or one scale a row.
Facts fp8(FactReader& reader) {
  StoredFormat weights = stored_as(DType::fp8);
  StoredFormat activations = weights;
  const std::vector<std::uint64_t> block = reader.numbers("weight_block_size");
  const bool sized = block.size() == 2 && block[0] > 0 && block[1] > 0 && block[0] * block[1] <= kMostGroup;
  if (!block.empty() && !sized) reader.fail("weight_block_size", "'weight_block_size' must be two extents");
  if (sized) {
    weights = with_shared(weights, 32, static_cast<std::int64_t>(block[0] * block[1]));
    activations = with_shared(activations, 32, static_cast<std::int64_t>(block[1]));
  }
  const std::string form = reader.word_of({"fmt", "weight_format"}, "e4m3");
  if (form.find("e4m3") == std::string::npos && form.find("e5m2") == std::string::npos)
    reader.fail("fmt", "'fmt' is '" + form + "'; expected e4m3 or e5m2");
  const std::string scheme = reader.word("activation_scheme", "dynamic");
  if (scheme != "dynamic" && scheme != "static")
    reader.fail("activation_scheme", "'activation_scheme' is '" + scheme + "'; expected dynamic or static");
  std::vector<std::string> ignored = listed(reader, {"modules_to_not_convert", "ignored_layers"});
  reader.ignore({"scale_fmt", "dequantize"});
  return {{{{}, {weights, activations}}}, std::move(ignored), std::nullopt};
}

// Meta's: a scale a row of weights, and one a row of activations, which is capped.
Facts fbgemm_fp8(FactReader& reader) {
  reader.ignore({"activation_scale_ub"});
  const ProductFormat format = {stored_as(DType::fp8), stored_as(DType::fp8)};
  return {{{{}, format}}, listed(reader, {"modules_to_not_convert"}), std::nullopt};
}

// Weights of a few bits; a scale of 16 bits for a group, and a zero point as wide as a weight.
Facts grouped(FactReader& reader, bool zero_points) {
  const std::int64_t bits = reader.whole(reader.has("w_bit") ? "w_bit" : "bits", 4, 2, 8);
  const std::int64_t group =
      reader.whole(reader.has("q_group_size") ? "q_group_size" : "group_size", 128, -1, kMostGroup);
  StoredFormat weights = with_shared(integers(bits), 16, group);
  if (zero_points) weights = with_shared(weights, bits, group);
  std::vector<std::string> ignored = listed(reader, {"modules_to_not_convert"});
  reader.ignore({"desc_act",
                 "sym",
                 "true_sequential",
                 "damp_percent",
                 "version",
                 "checkpoint_format",
                 "is_marlin_format",
                 "static_groups",
                 "backend",
                 "do_fuse",
                 "fuse_max_seq_len",
                 "modules_to_fuse",
                 "exllama_config",
                 "use_exllama",
                 "max_input_length",
                 "meta",
                 "pack_dtype",
                 "model_name_or_path",
                 "model_file_base_name",
                 "cache_block_outputs",
                 "block_name_to_quantize",
                 "module_name_preceding_first_block",
                 "batch_size",
                 "dataset",
                 "model_seqlen",
                 "use_cuda_fp16"});
  Facts facts{{{{}, {weights, std::nullopt}}}, std::move(ignored), std::nullopt};
  if (reader.has("dynamic"))
    reader.fail("dynamic", "'dynamic' gives modules formats of their own: not modelled");
  if (reader.flag("lm_head", false)) facts.parts.push_back({{"lm_head"}, {weights, std::nullopt}});
  return facts;
}

// {num_bits, type, strategy, group_size, symmetric} of compressed-tensors. `weights`: those share numbers by
// groups of their own; activations by rows.
StoredFormat scheme_format(FactReader& reader, bool weights) {
  const std::int64_t bits = reader.whole("num_bits", 8, 2, 16);
  const std::string type = reader.word("type", "int");
  const std::string strategy = reader.word("strategy", "tensor");
  const bool block = strategy == "block";
  std::int64_t group = reader.has("group_size") ? reader.whole("group_size", 0, -1, kMostGroup) : 0;
  const std::vector<std::uint64_t> extents = reader.numbers("block_structure");
  if (block && extents.size() == 2 && extents[0] * extents[1] <= kMostGroup)
    group = static_cast<std::int64_t>(extents[0] * extents[1]);
  const bool symmetric = reader.flag("symmetric", true);
  reader.ignore({"dynamic", "observer", "observer_kwargs", "actorder", "scale_dtype", "zp_dtype"});
  if (type != "int" && type != "float")
    reader.fail("type", "'type' is '" + type + "'; expected int or float");
  if (bits == 16) return stored_as(DType::bf16);
  if (type == "float" && bits == 4)
    return group == 32 ? stored_as(DType::mxfp4) : with_shared({DType::nvfp4, ElementBits::of(4)}, 8, group);
  if (type == "float") {
    if (bits != 8) reader.fail("num_bits", "'num_bits' of a float must be 4 or 8");
    return with_shared(stored_as(DType::fp8), 32, group);
  }
  StoredFormat format = with_shared(integers(bits), weights ? 16 : 32, group);
  return symmetric ? format : with_shared(format, bits, group);
}

// How pruned weights are run: 2:4 of a file that keeps the zeros, too (vLLM, compressed_tensors: its kernels
// take both); other patterns are unpacked when the file is read.
Sparsity pruned(FactReader& reader) {
  if (!reader.has("sparsity_config")) return {};
  FactReader inner = reader.inside("sparsity_config");
  const std::string structure = inner.word("sparsity_structure", "");
  inner.ignore({"format", "global_sparsity", "targets", "ignore", "registry_requires_subclass"});
  reader.take(std::move(inner), "compressed-tensors");
  const auto named = sparsity_named(structure);
  return named && named->kind == SparsityKind::n_of_m ? *named : Sparsity{};
}

Facts compressed_tensors(FactReader& reader) {
  Facts facts;
  facts.sparsity = pruned(reader);
  FactReader groups = reader.inside("config_groups");
  for (const std::string& name : groups.keys()) {
    FactReader group = groups.inside(name.c_str());
    Part part;
    for (std::string& target : listed(group, {"targets"})) {
      if (target != "Linear") part.targets.push_back(std::move(target));
    }
    if (group.has("weights")) {
      FactReader weights = group.inside("weights");
      part.format.weights = scheme_format(weights, true);
      group.take(std::move(weights), "compressed-tensors");
    } else {
      group.fail_at(group.pointer("weights"), "missing key 'weights' (how they are quantised)");
    }
    if (group.has("input_activations")) {
      FactReader activations = group.inside("input_activations");
      part.format.activations = scheme_format(activations, false);
      group.take(std::move(activations), "compressed-tensors");
    }
    if (group.has("output_activations"))
      group.fail("output_activations", "'output_activations' are not modelled");
    group.ignore({"format"});
    facts.parts.push_back(std::move(part));
    groups.take(std::move(group), "compressed-tensors");
  }
  if (facts.parts.empty() && facts.sparsity.is_dense() && reader.good())
    reader.fail("config_groups", "'config_groups' must say how the weights are quantised");
  reader.take(std::move(groups), "compressed-tensors");
  facts.ignored = listed(reader, {"ignore"});
  if (reader.has("kv_cache_scheme")) {
    FactReader scheme = reader.inside("kv_cache_scheme");
    facts.kv = scheme_format(scheme, false);
    reader.take(std::move(scheme), "compressed-tensors");
  }
  reader.ignore({"format", "quantization_status", "global_compression_ratio", "version", "transform_config"});
  return facts;
}

// Of gpt_oss: experts alone.
Facts mxfp4(FactReader& reader) {
  return {{{{"mlp.experts"}, {stored_as(DType::mxfp4), std::nullopt}}},
          listed(reader, {"modules_to_not_convert", "ignored_layers"}),
          std::nullopt};
}

// NVIDIA's modelopt, in a config.json or in a hf_quant_config.json beside it.
Facts modelopt(FactReader& reader) {
  Facts facts;
  const std::string algorithm = reader.word_of({"quant_algo"}, "");
  const std::int64_t group = reader.whole("group_size", 0, -1, kMostGroup);
  reader.ignore({"config_groups", "producer", "kv_cache_scheme", "has_zero_point", "pre_quant_scale",
                 "smoothquant_val", "quantized_layers"});
  ProductFormat format;
  if (algorithm == "FP8" || algorithm == "FP8_PER_CHANNEL_PER_TOKEN" || algorithm == "FP8_PB_WO") {
    format.weights = stored_as(DType::fp8);
    if (algorithm != "FP8_PB_WO") format.activations = format.weights;
  } else if (algorithm == "NVFP4") {
    format.weights = with_shared({DType::nvfp4, ElementBits::of(4)}, 8, group > 0 ? group : 16);
    format.activations = format.weights;
  } else if (algorithm == "W4A16_AWQ") {
    format.weights = with_shared(integers(4), 16, group > 0 ? group : 128);
  } else if (algorithm == "W4A8_AWQ") {
    format.weights = with_shared(integers(4), 16, group > 0 ? group : 128);
    format.activations = stored_as(DType::fp8);
  } else {
    reader.fail("quant_algo",
                "'quant_algo' is '" + algorithm +
                    "'; expected FP8, FP8_PER_CHANNEL_PER_TOKEN, FP8_PB_WO, NVFP4, W4A16_AWQ or "
                    "W4A8_AWQ");
  }
  facts.parts = {{{}, format}};
  facts.ignored = listed(reader, {"exclude_modules", "ignore", "modules_to_not_convert"});
  const std::string cache = reader.word("kv_cache_quant_algo", "");
  if (cache == "FP8") facts.kv = stored_as(DType::fp8);
  if (cache == "INT8") facts.kv = stored_as(DType::int8);
  if (cache == "NVFP4") facts.kv = stored_as(DType::nvfp4);
  if (!cache.empty() && !facts.kv)
    reader.fail("kv_cache_quant_algo",
                "'kv_cache_quant_algo' is '" + cache + "'; expected FP8, INT8 or NVFP4");
  return facts;
}

// Dettmers et al., QLoRA (arXiv 2305.14314): blocks of 64 share 32 bits, or 8 and a 256th of 32 where those
// are quantised again.
Facts bitsandbytes(FactReader& reader) {
  StoredFormat weights = stored_as(DType::int8);
  if (reader.flag("load_in_4bit", reader.flag("_load_in_4bit", false))) {
    weights = {DType::int4, ElementBits::of(4)};
    if (reader.flag("bnb_4bit_use_double_quant", false)) {
      weights = with_shared(with_shared(weights, 8, 64), 32, 64 * 256);
    } else {
      weights = with_shared(weights, 32, 64);
    }
  } else if (!reader.flag("load_in_8bit", reader.flag("_load_in_8bit", false))) {
    reader.fail("load_in_4bit", "neither 'load_in_4bit' nor 'load_in_8bit' is true");
  }
  std::vector<std::string> ignored = listed(reader, {"llm_int8_skip_modules"});
  reader.ignore({"bnb_4bit_compute_dtype", "bnb_4bit_quant_type", "bnb_4bit_quant_storage",
                 "llm_int8_enable_fp32_cpu_offload", "llm_int8_has_fp16_weight", "llm_int8_threshold",
                 "_load_in_8bit", "_load_in_4bit"});
  return {{{{}, {weights, std::nullopt}}}, std::move(ignored), std::nullopt};
}

Facts awq(FactReader& reader) {
  return grouped(reader, reader.flag("zero_point", true));
}
Facts gptq(FactReader& reader) {
  return grouped(reader, true);  // stored even where all are alike
}

struct Method {
  const char* name;
  Facts (*read)(FactReader& reader);
};
constexpr Method kMethods[] = {{"fp8", fp8},
                               {"fbgemm_fp8", fbgemm_fp8},
                               {"awq", awq},
                               {"gptq", gptq},
                               {"compressed-tensors", compressed_tensors},
                               {"mxfp4", mxfp4},
                               {"modelopt", modelopt},
                               {"modelopt_fp4", modelopt},
                               {"bitsandbytes", bitsandbytes}};

// The formats of groups, and which of them are plain in which layers.
void lay_out(FactReader& reader, const Facts& facts, LlmSpec& spec) {
  Quantization quantization;
  quantization.kv = facts.kv;
  quantization.sparsity = facts.sparsity;
  std::vector<ModulePattern> ignored;
  const auto pattern_of = [&reader](const std::string& text) {
    ModulePattern pattern(text);
    if (!pattern.understood())
      reader.fail(kKey, "'" + text + "' names no modules: it is no regular expression that is understood");
    return pattern;
  };
  for (const std::string& text : facts.ignored) ignored.push_back(pattern_of(text));
  std::vector<bool> used(ignored.size(), false);
  std::vector<std::optional<std::int64_t>> in_layer;
  in_layer.reserve(ignored.size());
  for (const ModulePattern& pattern : ignored) in_layer.push_back(pattern.layer());
  const auto plain_in = [&](TensorGroup group, std::int64_t layer) {
    const std::vector<std::string> modules = modules_of(group, layer);
    bool plain = false;
    for (std::size_t i = 0; i < ignored.size(); ++i) {
      if (in_layer[i].value_or(layer) != layer || !names_any(ignored[i], modules)) continue;
      used[i] = plain = true;
    }
    return plain;
  };
  for (const Part& part : facts.parts) {
    std::vector<ModulePattern> targets;
    for (const std::string& text : part.targets) targets.push_back(pattern_of(text));
    const auto targeted = [&](TensorGroup group, std::int64_t layer) {
      const std::vector<std::string> modules = modules_of(group, layer);
      return targets.empty() || std::any_of(targets.begin(), targets.end(),
                                            [&](const ModulePattern& p) { return names_any(p, modules); });
    };
    for (const TensorGroup group : kQuantised) {
      if (targeted(group, 0)) quantization.products[static_cast<std::size_t>(group)] = part.format;
    }
    if (!targets.empty() && targeted(TensorGroup::head, -1))
      quantization.products[static_cast<std::size_t>(TensorGroup::head)] = part.format;
  }
  for (const TensorGroup group : {TensorGroup::head, TensorGroup::embedding, TensorGroup::router}) {
    if (plain_in(group, group == TensorGroup::router ? 0 : -1))
      quantization.products[static_cast<std::size_t>(group)] = std::nullopt;
  }
  std::vector<LayerRun> layers;
  std::int64_t index = 0;
  for (const LayerRun& run : spec.layers) {
    for (std::uint64_t i = 0; i < run.times; ++i, ++index) {
      GroupSet plain = 0;
      for (const TensorGroup group : kQuantised) plain |= plain_in(group, index) ? only(group) : 0;
      if (i > 0 && layers.back().plain == plain) {
        ++layers.back().times;
        continue;
      }
      layers.push_back({run.blocks, 1, plain});
    }
  }
  spec.layers = std::move(layers);
  for (std::size_t i = 0; i < ignored.size(); ++i) {
    if (!used[i] && !of_no_group(facts.ignored[i]))
      reader.fail(kKey,
                  "'" + facts.ignored[i] + "' is not to be quantised, and names no module that is known");
  }
  // What no layer quantises, no layer has.
  for (const TensorGroup group : kQuantised) {
    if (std::all_of(spec.layers.begin(), spec.layers.end(),
                    [group](const LayerRun& run) { return (run.plain & only(group)) != 0; }))
      quantization.products[static_cast<std::size_t>(group)] = std::nullopt;
  }
  spec.quantization = quantization;
}

}  // namespace

void read_quantization(FactReader& reader, LlmSpec& spec) {
  if (!reader.has(kKey)) return;
  FactReader inner = reader.inside(kKey);
  const std::string name = inner.word("quant_method", "");
  const auto* method = std::find_if(std::begin(kMethods), std::end(kMethods),
                                    [&name](const Method& m) { return name == m.name; });
  if (method == std::end(kMethods)) {
    std::vector<std::string> names;
    std::string all;
    for (const Method& m : kMethods) {
      names.emplace_back(m.name);
      all += (all.empty() ? "" : ", ") + names.back();
    }
    inner.fail("quant_method",
               name.empty()
                   ? "missing key 'quant_method' (how it is quantised); one of " + all
                   : "'quant_method' is '" + name + "'; expected one of " + all + did_you_mean(name, names));
    reader.take(std::move(inner), name);
    return;
  }
  const Facts facts = method->read(inner);
  if (inner.good() && reader.good()) lay_out(inner, facts, spec);
  reader.take(std::move(inner), name);
}

}  // namespace orrery
