// Encoders: bert, roberta, albert (norms behind the residual) and vit (before the blocks, of images).

#include "sim/workload/models/decoder.h"
#include "sim/workload/models/model_types.h"

namespace orrery {

LlmSpec build_bert(FactReader& reader, const std::string& type) {
  DecoderFacts facts = usual_facts(reader);
  facts.norm = NormKind::layernorm;
  facts.form = LayerForm::post_norm;
  facts.attention = own_key_values(reader, reader.required("num_attention_heads"), facts.hidden);
  facts.attention.both_ways = facts.attention.qkv_bias = facts.attention.output_bias = true;
  facts.feed_forward = FeedForwardBlock{reader.required("intermediate_size"),
                                        activation_of(reader, {"hidden_act"}, "gelu", false), true};
  facts.learned_positions = reader.required("max_position_embeddings");
  facts.embedding_normed = true;
  reader.ignore({"tie_word_embeddings"});
  LlmSpec spec = decoder(reader, facts);
  // The table of a roberta starts two rows late.
  if (type != "bert") spec.max_positions = facts.learned_positions > 2 ? facts.learned_positions - 2 : 1;
  spec.encoder_only = true;
  std::get<EmbeddingBlock>(spec.front).token_types = reader.optional("type_vocab_size", 2);
  const std::vector<std::string> architectures = reader.words("architectures");
  const bool masked =
      !architectures.empty() && architectures.front().find("ForMaskedLM") != std::string::npos;
  spec.head = Pooler{true};
  if (masked) spec.head = MaskedHead{facts.vocab};
  return spec;
}

// One set of weights for all layers; a narrow embedding.
LlmSpec build_albert(FactReader& reader, const std::string& /*type*/) {
  LlmSpec spec = build_bert(reader, "bert");
  const std::uint64_t narrow = reader.optional("embedding_size", 128);
  auto& embedding = std::get<EmbeddingBlock>(spec.front);
  embedding.width = narrow;
  embedding.normed = false;
  embedding.normed_narrow = true;
  if (auto* head = std::get_if<MaskedHead>(&spec.head)) head->width = narrow;
  for (LayerRun& run : spec.layers) run.one_set = true;
  for (const char* key : {"num_hidden_groups", "inner_group_num"}) {
    if (reader.optional(key, 1) != 1)
      reader.fail(key, std::string("'") + key + "' other than 1 is not modelled");
  }
  reader.ignore(
      {"net_structure_type", "gap_size", "num_memory_blocks", "down_scale_factor", "layers_to_keep"});
  return spec;
}

// Patches of an image; `--input` counts them, the class's row included.
LlmSpec build_vit(FactReader& reader, const std::string& /*type*/) {
  LlmSpec spec;
  spec.encoder_only = true;
  spec.norm = NormKind::layernorm;
  spec.hidden = reader.required("hidden_size");
  const std::uint64_t layers = reader.required("num_hidden_layers");
  const std::uint64_t patch = reader.required("patch_size");
  const std::uint64_t image = reader.required("image_size");
  const std::uint64_t inner = reader.optional("num_channels", 3) * patch * patch;
  AttentionBlock attention = own_key_values(reader, reader.required("num_attention_heads"), spec.hidden);
  attention.both_ways = attention.output_bias = true;
  attention.qkv_bias = reader.flag("qkv_bias", true);
  const FeedForwardBlock dense{reader.required("intermediate_size"),
                               activation_of(reader, {"hidden_act"}, "gelu", false), true};
  if (reader.good() && (patch > image || image % patch != 0))
    reader.fail("patch_size", "'patch_size' does not divide 'image_size'");
  if (!reader.good()) return spec;
  const std::uint64_t positions = (image / patch) * (image / patch) + 1;
  spec.max_positions = spec.learned_positions = positions;
  FeatureBlock patches;
  patches.products = {{inner, spec.hidden, 1, false}};
  patches.positions = positions;
  patches.extra = spec.hidden;
  spec.front = patches;
  spec.layers = {{pre_norm_layer(attention, dense), layers}};
  Pooler pooler;
  pooler.normed = true;
  const std::vector<std::string> architectures = reader.words("architectures");
  pooler.dense = architectures.empty() || architectures.front() == "ViTModel";
  if (!pooler.dense)
    reader.fail("architectures", "'architectures' is '" + architectures.front() + "'; expected ViTModel");
  spec.head = pooler;
  reader.ignore({"encoder_stride", "pooler_output_size", "pooler_act"});
  return spec;
}

}  // namespace orrery
