// Random configurations of each family against closed forms: parameters, multiplications of a prompt and of a
// decode step, bytes of weights that the step reads, what a token leaves in the cache.

#include <gtest/gtest.h>

#include <cmath>

#include <map>
#include <nlohmann/json.hpp>

#include "sim/util/random.h"
#include "sim/workload/memory_need.h"
#include "sim/workload/operator_counts.h"

namespace orrery::test {
namespace {

using nlohmann::json;
using Count = std::uint64_t;

constexpr int kConfigurations = 50;

struct Expected {
  Count parameters = 0;
  Count prompt_macs = 0, decode_macs = 0;
  Count decode_weights = 0;  // elements that a decode step of one sequence reads
  Count cached = 0;          // elements that a token leaves
  Count state = 0;           // elements that a sequence leaves
};

// Sequences of a prompt, tokens of each; context of a decode step.
struct Asked {
  Count sequences = 1, tokens = 1, context = 1;
  Count all() const { return sequences * tokens; }
  Count pairs() const { return tokens * (tokens + 1) / 2; }
};

Count macs_in_all(const OperatorGraph& graph) {
  Count sum = 0;
  for (const Operator& op : graph.operators) sum += operator_macs(op);
  return sum;
}

Count weights_read(const OperatorGraph& graph) {
  std::map<TensorName, Count> seen;
  for (const Operator& op : graph.operators) {
    if (gathers(op.kind)) continue;
    for (const Tensor& t : op.inputs) {
      if (t.kind == TensorKind::weight) seen[t.id] = std::max(seen[t.id], t.elements());
    }
  }
  Count sum = 0;
  for (const auto& [id, elements] : seen) sum += elements;
  return sum;
}

void expect_closed_form(const json& facts, const Asked& asked, const Expected& expected) {
  SCOPED_TRACE(facts.dump());
  const LlmSpec llm = build_llm(ConfigDocument::parse(facts.dump(), "config.json"));
  Scenario scenario;
  ExecutionSpec fused;
  fused.fused = {FusedOperator::attention, FusedOperator::add_rmsnorm, FusedOperator::kv_append};
  EXPECT_EQ(count_parameters(llm).total, expected.parameters);
  EXPECT_EQ(kv_bytes_per_token(llm, scenario), 2 * expected.cached);
  EXPECT_EQ(kept_state(llm, scenario).elements, expected.state);
  const Step prompt = {{{Phase::prefill, asked.sequences, asked.tokens, asked.tokens}}};
  const Step decode = {{{Phase::decode, asked.sequences, 1, asked.context}}};
  EXPECT_EQ(macs_in_all(build_step(llm, prompt, scenario.formats, {}, fused)), expected.prompt_macs);
  EXPECT_EQ(macs_in_all(build_step(llm, decode, scenario.formats, {}, fused)), expected.decode_macs);
  const Step one = {{{Phase::decode, 1, 1, asked.context}}};
  EXPECT_EQ(weights_read(build_step(llm, one, scenario.formats, {}, fused)), expected.decode_weights);
}

struct Draw {
  RandomStream random;
  Count upto(Count n) { return 1 + random.below(n); }
  bool coin() { return random.below(2) == 0; }
  Asked asked() { return {upto(5), 2 + random.below(300), upto(2000)}; }
};

// What attention of heads over keys and values, all shapes of it, multiplies and holds.
struct Attention {
  Count hidden, heads, kv_heads, dim;
  bool bias = false;
  Count columns() const { return (heads + 2 * kv_heads) * dim; }
  Count weights() const { return hidden * columns() + heads * dim * hidden; }
  Count prompt(const Asked& a) const {
    return a.all() * weights() + a.sequences * heads * dim * 2 * a.pairs();
  }
  Count decode(const Asked& a) const {
    return a.sequences * weights() + a.sequences * heads * dim * 2 * a.context;
  }
};

TEST(ClosedForm, LlamaAndItsNeighbours) {
  Draw draw{RandomStream(1)};
  for (int i = 0; i < kConfigurations; ++i) {
    const char* const types[] = {"llama", "qwen2", "qwen3", "mistral"};
    const std::string type = types[draw.random.below(4)];
    const Count kv = draw.upto(4), shared = draw.upto(4), dim = 8 * draw.upto(8), layers = draw.upto(5);
    const Attention a{16 * draw.upto(40), kv * shared, kv, dim, type == "qwen2"};
    const Count width = 8 * draw.upto(100), vocab = 10 * draw.upto(500);
    const bool tied = draw.coin();
    const Asked asked = draw.asked();
    const Count norms = 2 * a.hidden + (type == "qwen3" ? 2 * dim : 0);
    const Count dense = 3 * a.hidden * width;
    Expected e;
    e.parameters = layers * (a.weights() + (a.bias ? a.columns() : 0) + dense + norms) + a.hidden +
                   (tied ? 1 : 2) * vocab * a.hidden;
    e.prompt_macs = layers * (a.prompt(asked) + asked.all() * dense) + asked.sequences * a.hidden * vocab;
    e.decode_macs = layers * (a.decode(asked) + asked.sequences * dense) + asked.sequences * a.hidden * vocab;
    const Count read_norms = 2 * a.hidden + (type == "qwen3" ? dim : 0);  // one gain for all heads
    e.decode_weights = layers * (a.weights() + dense + read_norms) + a.hidden + vocab * a.hidden;
    e.cached = layers * 2 * kv * dim;
    expect_closed_form({{"model_type", type},
                        {"hidden_size", a.hidden},
                        {"num_attention_heads", a.heads},
                        {"num_key_value_heads", kv},
                        {"head_dim", dim},
                        {"num_hidden_layers", layers},
                        {"intermediate_size", width},
                        {"vocab_size", vocab},
                        {"tie_word_embeddings", tied}},
                       asked, e);
  }
}

TEST(ClosedForm, DecodersWithLayerNormsAndBiases) {
  Draw draw{RandomStream(2)};
  for (int i = 0; i < kConfigurations; ++i) {
    const bool neox = draw.coin();
    const Count heads = draw.upto(8), dim = 8 * draw.upto(8), hidden = heads * dim, layers = draw.upto(5);
    const Attention a{hidden, heads, heads, dim, true};
    const Count width = neox ? 8 * draw.upto(100) : 4 * hidden;
    const Count vocab = 10 * draw.upto(500), positions = 4096;
    const Asked asked = draw.asked();
    const Count dense = 2 * hidden * width;
    const Count biases = a.columns() + hidden + width + hidden;
    Expected e;
    e.parameters = layers * (a.weights() + dense + biases + 4 * hidden) + 2 * hidden +
                   (neox ? 2 * vocab : vocab + positions) * hidden;
    e.prompt_macs = layers * (a.prompt(asked) + asked.all() * dense) + asked.sequences * hidden * vocab;
    e.decode_macs = layers * (a.decode(asked) + asked.sequences * dense) + asked.sequences * hidden * vocab;
    e.decode_weights = layers * (a.weights() + dense + 4 * hidden) + 2 * hidden + vocab * hidden;
    e.cached = layers * 2 * hidden;
    const json facts = neox ? json{{"model_type", "gpt_neox"},
                                   {"hidden_size", hidden},
                                   {"num_attention_heads", heads},
                                   {"num_hidden_layers", layers},
                                   {"intermediate_size", width},
                                   {"vocab_size", vocab},
                                   {"max_position_embeddings", positions}}
                            : json{{"model_type", "gpt2"}, {"n_embd", hidden},    {"n_head", heads},
                                   {"n_layer", layers},    {"vocab_size", vocab}, {"n_positions", positions}};
    expect_closed_form(facts, asked, e);
  }
}

// Experts that `tokens` tokens take, rows of each.
struct Mixture {
  Count hidden, experts, taken, width, shared = 0;
  Count each() const { return 3 * hidden * width; }
  Count weights() const { return hidden * experts + experts * each() + 3 * hidden * shared; }
  Count macs(Count tokens) const {
    // Those that some token takes, each at random; a whole number of them has rows.
    const double unused =
        std::pow(1 - static_cast<double>(taken) / static_cast<double>(experts), static_cast<double>(tokens));
    const auto active =
        static_cast<Count>(std::ceil(static_cast<double>(experts) * (1 - unused) * (1 - 1e-9)));
    const Count rows = (tokens * taken + active - 1) / active;
    return tokens * hidden * experts + active * rows * each() + tokens * 3 * hidden * shared;
  }
  Count read() const { return hidden * experts + taken * each() + 3 * hidden * shared; }
};

TEST(ClosedForm, Mixtures) {
  Draw draw{RandomStream(3)};
  for (int i = 0; i < kConfigurations; ++i) {
    const bool shares = draw.coin();  // the first deepseek: dense layers first, shared experts
    const Count kv = draw.upto(4), dim = 8 * draw.upto(8), layers = 1 + draw.upto(4);
    const Attention a{16 * draw.upto(40), kv * draw.upto(4), kv, dim};
    const Count taken = draw.upto(6);
    Mixture m{a.hidden, taken + draw.random.below(60), taken, 8 * draw.upto(40)};
    const Count first = shares ? draw.random.below(layers) : 0, width = 8 * draw.upto(100);
    if (shares) m.shared = 2 * m.width;
    const Count vocab = 10 * draw.upto(500);
    const Asked asked = draw.asked();
    const Count norms = 2 * a.hidden + (shares ? 0 : 2 * dim);
    const Count dense = 3 * a.hidden * width;
    Expected e;
    e.parameters = layers * (a.weights() + norms) + first * dense + (layers - first) * m.weights() +
                   a.hidden + 2 * vocab * a.hidden;
    e.prompt_macs = layers * a.prompt(asked) + first * asked.all() * dense +
                    (layers - first) * m.macs(asked.all()) + asked.sequences * a.hidden * vocab;
    e.decode_macs = layers * a.decode(asked) + first * asked.sequences * dense +
                    (layers - first) * m.macs(asked.sequences) + asked.sequences * a.hidden * vocab;
    e.decode_weights = layers * (a.weights() + 2 * a.hidden + (shares ? 0 : dim)) + first * dense +
                       (layers - first) * m.read() + a.hidden + vocab * a.hidden;
    e.cached = layers * 2 * kv * dim;
    json facts = {{"hidden_size", a.hidden},          {"num_attention_heads", a.heads},
                  {"num_key_value_heads", kv},        {"head_dim", dim},
                  {"num_hidden_layers", layers},      {"intermediate_size", width},
                  {"moe_intermediate_size", m.width}, {"vocab_size", vocab},
                  {"num_experts_per_tok", taken},     {"tie_word_embeddings", false}};
    if (shares) {
      facts.update({{"model_type", "deepseek"},
                    {"n_routed_experts", m.experts},
                    {"n_shared_experts", 2},
                    {"first_k_dense_replace", first}});
      if (first == 0) facts.erase("first_k_dense_replace");
    } else {
      facts.update({{"model_type", "qwen3_moe"}, {"num_experts", m.experts}});
    }
    expect_closed_form(facts, asked, e);
  }
}

TEST(ClosedForm, LatentAttention) {
  Draw draw{RandomStream(4)};
  for (int i = 0; i < kConfigurations; ++i) {
    const Count hidden = 16 * draw.upto(40), heads = draw.upto(8), layers = draw.upto(4);
    const Count q_rank = 8 * draw.upto(20), rank = 8 * draw.upto(20);
    const Count plain = 8 * draw.upto(8), rotary = 8 * draw.upto(4), value = 8 * draw.upto(8);
    const Count width = 8 * draw.upto(100), vocab = 10 * draw.upto(500);
    const Asked asked = draw.asked();
    const Count down = hidden * (q_rank + rank + rotary) + q_rank * heads * (plain + rotary);
    const Count up = rank * heads * (plain + value);
    const Count out = heads * value * hidden;
    const Count dense = 3 * hidden * width;
    const Count norms = 2 * hidden + q_rank + rank;
    const Count all = asked.all(), one = asked.sequences;
    Expected e;
    e.parameters = layers * (down + up + out + dense + norms) + hidden + 2 * vocab * hidden;
    // Expanded: every head's keys and values of all that is cached.
    e.prompt_macs = layers * (all * (down + out + dense) + all * up +
                              one * heads * (plain + rotary + value) * asked.pairs()) +
                    one * hidden * vocab;
    // Absorbed: the expansion goes into queries and results.
    e.decode_macs =
        layers * (one * (down + out + dense + up) + one * heads * (rank + rotary + rank) * asked.context) +
        one * hidden * vocab;
    e.decode_weights = layers * (down + up + out + dense + norms) + hidden + vocab * hidden;
    e.cached = layers * (rank + rotary);
    expect_closed_form({{"model_type", "minicpm3"},
                        {"hidden_size", hidden},
                        {"num_attention_heads", heads},
                        {"num_hidden_layers", layers},
                        {"intermediate_size", width},
                        {"vocab_size", vocab},
                        {"q_lora_rank", q_rank},
                        {"kv_lora_rank", rank},
                        {"qk_nope_head_dim", plain},
                        {"qk_rope_head_dim", rotary},
                        {"v_head_dim", value},
                        {"tie_word_embeddings", false}},
                       asked, e);
  }
}

TEST(ClosedForm, StateSpaces) {
  Draw draw{RandomStream(5)};
  for (int i = 0; i < kConfigurations; ++i) {
    const Count dim = 8 * draw.upto(8), groups = draw.upto(3), heads = groups * draw.upto(6);
    const Count inner = heads * dim, states = 8 * draw.upto(16), taps = 2 + draw.upto(4),
                chunk = 32 * draw.upto(8);
    const Count hidden = inner, layers = draw.upto(5), vocab = 10 * draw.upto(500);  // expand is 1
    const Asked asked = draw.asked();
    const Count channels = inner + 2 * groups * states;
    const Count in = hidden * (inner + channels + heads), out = inner * hidden;
    const Count length = std::min(chunk, asked.tokens);
    const Count chunks = asked.sequences * ((asked.tokens + length - 1) / length);
    const Count scan = chunks * (groups * length * length * states + heads * length * length * dim +
                                 2 * length * states * inner);
    const Count held = channels * (taps + 1) + 3 * heads + inner;
    Expected e;
    e.parameters = layers * (in + out + held + hidden) + hidden + vocab * hidden;
    e.prompt_macs = layers * (asked.all() * (in + out) + scan) + asked.sequences * hidden * vocab;
    e.decode_macs = layers * asked.sequences * (in + out) + asked.sequences * hidden * vocab;
    e.decode_weights = layers * (in + out + channels * taps + inner + hidden) + hidden + vocab * hidden;
    e.state = layers * (channels * taps + inner * states);
    expect_closed_form({{"model_type", "mamba2"},
                        {"hidden_size", hidden},
                        {"num_hidden_layers", layers},
                        {"vocab_size", vocab},
                        {"num_heads", heads},
                        {"head_dim", dim},
                        {"n_groups", groups},
                        {"state_size", states},
                        {"conv_kernel", taps},
                        {"chunk_size", chunk},
                        {"expand", 1}},
                       asked, e);
  }
}

TEST(ClosedForm, SelectiveScans) {
  Draw draw{RandomStream(6)};
  for (int i = 0; i < kConfigurations; ++i) {
    const Count hidden = 16 * draw.upto(40), inner = 16 * draw.upto(60), states = 8 * draw.upto(4);
    const Count taps = 2 + draw.upto(4), rank = 4 * draw.upto(20), layers = draw.upto(5),
                vocab = 10 * draw.upto(500);
    const Asked asked = draw.asked();
    const Count products = hidden * 2 * inner + inner * (rank + 2 * states) + rank * inner + inner * hidden;
    const Count held = inner * (taps + 1) + inner + inner * states + inner;
    Expected e;
    e.parameters = layers * (products + held + hidden) + hidden + vocab * hidden;
    e.prompt_macs = layers * asked.all() * products + asked.sequences * hidden * vocab;
    e.decode_macs = layers * asked.sequences * products + asked.sequences * hidden * vocab;
    e.decode_weights = layers * (products + inner * taps + hidden) + hidden + vocab * hidden;
    e.state = layers * inner * (taps + states);
    expect_closed_form({{"model_type", "mamba"},
                        {"hidden_size", hidden},
                        {"num_hidden_layers", layers},
                        {"vocab_size", vocab},
                        {"intermediate_size", inner},
                        {"state_size", states},
                        {"conv_kernel", taps},
                        {"time_step_rank", rank}},
                       asked, e);
  }
}

TEST(ClosedForm, DeltaRulesBesideGatedAttention) {
  Draw draw{RandomStream(7)};
  for (int i = 0; i < kConfigurations; ++i) {
    const Count keys = draw.upto(4), values = keys * draw.upto(3), kd = 8 * draw.upto(8),
                vd = 8 * draw.upto(8);
    const Count taps = 2 + draw.upto(4), kv = draw.upto(3), dim = 8 * draw.upto(8), layers = draw.upto(8);
    const Attention a{16 * draw.upto(30), kv * draw.upto(3), kv, dim};
    const Count width = 8 * draw.upto(60), vocab = 10 * draw.upto(500), interval = 1 + draw.upto(4);
    const Asked asked = draw.asked();
    const Count full = layers / interval, linear = layers - full;
    const Count channels = 2 * keys * kd + values * vd;
    const Count in = a.hidden * (channels + values * vd + 2 * values), out = values * vd * a.hidden;
    const Count gate = a.hidden * a.heads * dim;
    const Count dense = 3 * a.hidden * width;
    const Count c = std::min<Count>(64, asked.tokens);
    const Count chunks = asked.sequences * ((asked.tokens + c - 1) / c) * values;
    const Count scan = chunks * (2 * c * c * kd + c * c * c + c * c * (kd + vd) + kd * vd * c +
                                 2 * c * vd * kd + c * c * vd);
    const Count held = channels * taps + 2 * values + vd;
    Expected e;
    e.parameters = full * (a.weights() + gate + 2 * dim) + linear * (in + out + held) +
                   layers * (dense + 2 * a.hidden) + a.hidden + 2 * vocab * a.hidden;
    e.prompt_macs = full * (a.prompt(asked) + asked.all() * gate) +
                    linear * (asked.all() * (in + out) + scan) + layers * asked.all() * dense +
                    asked.sequences * a.hidden * vocab;
    e.decode_macs = full * (a.decode(asked) + asked.sequences * gate) +
                    linear * asked.sequences * (in + out) + layers * asked.sequences * dense +
                    asked.sequences * a.hidden * vocab;
    e.decode_weights = full * (a.weights() + gate + dim) + linear * (in + out + channels * taps + vd) +
                       layers * (dense + 2 * a.hidden) + a.hidden + vocab * a.hidden;
    e.cached = full * 2 * kv * dim;
    e.state = linear * (channels * taps + values * kd * vd);
    expect_closed_form({{"model_type", "qwen3_5"},
                        {"hidden_size", a.hidden},
                        {"num_attention_heads", a.heads},
                        {"num_key_value_heads", kv},
                        {"head_dim", dim},
                        {"num_hidden_layers", layers},
                        {"intermediate_size", width},
                        {"vocab_size", vocab},
                        {"full_attention_interval", interval},
                        {"linear_num_key_heads", keys},
                        {"linear_num_value_heads", values},
                        {"linear_key_head_dim", kd},
                        {"linear_value_head_dim", vd},
                        {"linear_conv_kernel_dim", taps},
                        {"tie_word_embeddings", false}},
                       asked, e);
  }
}

// The prompt is the encoder's; the decoder begins with one token.
TEST(ClosedForm, EncodersAndDecoders) {
  Draw draw{RandomStream(8)};
  for (int i = 0; i < kConfigurations; ++i) {
    const Count hidden = 16 * draw.upto(40), heads = draw.upto(8), dim = 8 * draw.upto(8),
                layers = draw.upto(4);
    const Count width = 8 * draw.upto(100), vocab = 10 * draw.upto(500), inner = heads * dim,
                buckets = draw.upto(40);
    const Asked asked = draw.asked();
    const Count self = 4 * hidden * inner, dense = 2 * hidden * width;
    const Count s = asked.sequences;
    Expected e;
    e.parameters = layers * (self + dense + 2 * hidden) + layers * (2 * self + dense + 3 * hidden) +
                   2 * hidden + 2 * buckets * heads + vocab * hidden;
    const Count encoder =
        layers * (asked.all() * (self + dense) + s * heads * dim * 2 * asked.tokens * asked.tokens);
    // Keys and values across are made of all the prompt, queries and results of one token.
    const Count first = layers * (s * (self + dense) + s * inner * 2 + 2 * s * hidden * inner +
                                  asked.all() * 2 * hidden * inner + s * inner * 2 * asked.tokens);
    e.prompt_macs = encoder + first + s * hidden * vocab;
    const json facts = {{"model_type", "t5"},   {"d_model", hidden},
                        {"num_layers", layers}, {"num_heads", heads},
                        {"d_kv", dim},          {"d_ff", width},
                        {"vocab_size", vocab},  {"relative_attention_num_buckets", buckets}};
    SCOPED_TRACE(facts.dump());
    const LlmSpec llm = build_llm(ConfigDocument::parse(facts.dump(), "config.json"));
    ExecutionSpec fused;
    fused.fused = {FusedOperator::attention, FusedOperator::kv_append};
    Scenario scenario;
    EXPECT_EQ(count_parameters(llm).total, e.parameters);
    EXPECT_EQ(kv_bytes_per_token(llm, scenario), 2 * layers * 2 * inner);
    EXPECT_EQ(source_bytes_per_token(llm, scenario), 2 * layers * 2 * inner);
    const Step prompt = {{{Phase::prefill, s, asked.tokens, asked.tokens}}};
    EXPECT_EQ(macs_in_all(build_step(llm, prompt, scenario.formats, {}, fused)), e.prompt_macs);
    const Step decode = {{{Phase::decode, s, 1, asked.context, asked.tokens}}};
    EXPECT_EQ(
        macs_in_all(build_step(llm, decode, scenario.formats, {}, fused)),
        layers * (s * (self + 2 * hidden * inner + dense) + s * inner * 2 * (asked.context + asked.tokens)) +
            s * hidden * vocab);
  }
}

}  // namespace
}  // namespace orrery::test
