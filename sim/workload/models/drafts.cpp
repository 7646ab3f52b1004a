// Models that guess tokens for another one.

#include "sim/workload/models/decoder.h"
#include "sim/workload/models/model_types.h"

namespace orrery {

bool is_draft(FactReader& reader) {
  const std::vector<std::string> architectures = reader.words("architectures");
  return !architectures.empty() && architectures.front().find("Eagle3") != std::string::npos;
}

// EAGLE-3 (arXiv 2503.01840): one layer of the target's kind; its embedding is the target's, its head may
// know fewer words.
LlmSpec build_eagle3(FactReader& reader, const std::string& /*type*/) {
  const DecoderFacts facts = usual_facts(reader);
  LlmSpec spec;
  spec.hidden = facts.hidden;
  spec.max_positions = facts.max_positions;
  spec.vocab = facts.vocab;
  DraftFront front;
  front.vocab = facts.vocab;
  spec.front = front;
  DraftLayer layer;
  layer.attention = usual_attention(reader, facts.hidden);
  layer.attention.input = 2 * facts.hidden;
  layer.attention.qkv_bias = layer.attention.output_bias = reader.flag("attention_bias", false);
  shares_evenly(reader, layer.attention);
  layer.feed_forward.width = reader.required("intermediate_size");
  layer.feed_forward.activation = activation_of(reader, {"hidden_act"}, "silu", true);
  layer.feed_forward.biases = reader.flag("mlp_bias", false);
  if (facts.layers != 1) reader.fail("num_hidden_layers", "'num_hidden_layers' of such a draft must be 1");
  spec.layers = {{{layer}, 1}};
  spec.head = LanguageHead{reader.optional("draft_vocab_size", facts.vocab), false, false, true};
  reader.ignore({"tie_word_embeddings", "target_hidden_size", "eagle_config", "use_cache", "head_dim"});
  return spec;
}

}  // namespace orrery
