#include "sim/workload/models/mixture_facts.h"

#include <algorithm>

namespace orrery {

MixtureBlock read_mixture(FactReader& reader, KeyNames all, KeyNames taken, const char* width) {
  MixtureBlock mixture;
  mixture.experts = reader.required_of(all);
  mixture.experts_a_token = reader.required_of(taken);
  if (reader.good() && mixture.experts_a_token > mixture.experts)
    reader.fail(*taken.begin(), "a token cannot take " + std::to_string(mixture.experts_a_token) +
                                    " experts of " + std::to_string(mixture.experts));
  mixture.width = reader.required(width);
  return mixture;
}

MixtureBlock gated_mixture(FactReader& reader, KeyNames all, KeyNames taken, const char* width) {
  MixtureBlock mixture = read_mixture(reader, all, taken, width);
  mixture.activation = activation_of(reader, {"hidden_act"}, "silu", true);
  return mixture;
}

LatentAttentionBlock latent_attention(FactReader& reader) {
  LatentAttentionBlock latent;
  latent.heads = reader.required("num_attention_heads");
  latent.query_rank = reader.optional("q_lora_rank", 0);
  latent.kv_rank = reader.required("kv_lora_rank");
  latent.plain_dim = reader.required("qk_nope_head_dim");
  latent.rotary_dim = reader.required("qk_rope_head_dim");
  latent.value_dim = reader.required("v_head_dim");
  latent.biases = reader.flag("attention_bias", false);
  if (reader.has("index_topk") || reader.has("index_n_heads"))
    latent.index = SparseIndex{reader.required("index_n_heads"), reader.required("index_head_dim"),
                               reader.required("index_topk")};
  return latent;
}

std::vector<std::string> layer_words(FactReader& reader, std::uint64_t layers,
                                     std::initializer_list<const char*> known) {
  const char* key =
      reader.has("layers_block_type") && !reader.has("layer_types") ? "layers_block_type" : "layer_types";
  std::vector<std::string> words = reader.words(key);
  std::string all;
  for (const char* word : known) all += (all.empty() ? "" : " or ") + std::string(word);
  if (words.size() != layers && reader.good())
    reader.fail(key, std::string("'") + key + "' must hold a word for each of the " + std::to_string(layers) +
                         " layers: " + all);
  for (const std::string& word : words) {
    if (std::none_of(known.begin(), known.end(), [&word](const char* k) { return word == k; }))
      reader.fail(key, std::string("'") + key + "' holds '" + word + "'; expected " + all);
  }
  return words;
}

}  // namespace orrery
