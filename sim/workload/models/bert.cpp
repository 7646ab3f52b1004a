// Encoders whose norms come after the residual: bert, roberta.

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
  spec.embedding.token_types = reader.optional("type_vocab_size", 2);
  const std::vector<std::string> architectures = reader.words("architectures");
  const bool masked =
      !architectures.empty() && architectures.front().find("ForMaskedLM") != std::string::npos;
  spec.head = Pooler{true};
  if (masked) spec.head = MaskedHead{facts.vocab};
  return spec;
}

}  // namespace orrery
