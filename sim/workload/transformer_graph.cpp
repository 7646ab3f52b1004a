#include "sim/workload/transformer_graph.h"

#include <algorithm>
#include <cmath>

#include "sim/util/errors.h"
#include "sim/workload/layer_builder.h"

namespace orrery {
namespace {

// The graph of a step on one device.
class GraphWriter {
 public:
  GraphWriter(const LlmSpec& llm, const Step& step, DType dtype, std::uint32_t tensor_parallel,
              const ExecutionSpec& execution)
      : llm_(llm),
        step_(step),
        execution_(execution),
        builder_(step.phase(), dtype),
        tp_(tensor_parallel),
        sequences_(step.sequences()),
        tokens_(step.tokens()),
        gather_(execution.tensor_parallel == TensorParallelScheme::gather_each_matmul),
        heads_(llm.heads / tp_),
        kv_heads_(std::max<std::uint64_t>(1, llm.kv_heads / tp_)),
        element_bits_(storage_bits(dtype)) {}

  OperatorGraph write() {
    Tensor x = embedding();
    for (std::uint64_t layer = 0; layer < llm_.layers; ++layer) {
      builder_.set_layer(static_cast<std::int32_t>(layer));
      x = llm_.parallel_branches ? parallel_layer(x)
          : llm_.post_norm       ? post_norm_layer(x)
                                 : pre_norm_layer(x);
    }
    builder_.set_layer(-1);
    head(x);
    return builder_.take();
  }

 private:
  const LlmSpec& llm_;
  const Step& step_;
  const ExecutionSpec& execution_;
  LayerBuilder builder_;
  const std::uint64_t tp_, sequences_, tokens_;
  const bool gather_;
  const std::uint64_t heads_, kv_heads_;
  const std::uint32_t element_bits_;
  Tensor residual_;  // with add_rmsnorm fused: the branch still to be added

  OperatorKind norm_kind() const {
    return llm_.norm == NormKind::rmsnorm ? OperatorKind::rmsnorm : OperatorKind::layernorm;
  }
  std::uint64_t norm_rows() const { return llm_.norm == NormKind::rmsnorm ? 1 : 2; }
  Tensor hidden(const std::string& name) const { return builder_.activation(name, {tokens_, llm_.hidden}); }

  Tensor embedding() {
    std::vector<Tensor> inputs = {builder_.weight("embedding", {llm_.vocab, llm_.hidden})};
    if (llm_.position == PositionKind::learned) {
      inputs.push_back(builder_.weight("positions", {llm_.max_positions, llm_.hidden}));
    }
    Tensor x = hidden("x");
    builder_.append(OperatorKind::embedding, VectorShape{tokens_, llm_.hidden}, inputs, {x});
    if (llm_.post_norm) x = norm(x, "x_norm", "embedding_norm");
    return x;
  }

  Tensor norm(const Tensor& x, const std::string& out_name, const std::string& weight_name) {
    const Tensor out = hidden(out_name);
    builder_.append(norm_kind(), VectorShape{tokens_, llm_.hidden},
                    {x, builder_.weight(weight_name, {norm_rows(), llm_.hidden})}, {out});
    return out;
  }

  Tensor add(const Tensor& a, const Tensor& b, const std::string& out_name) {
    const Tensor out = hidden(out_name);
    builder_.append(OperatorKind::add, VectorShape{tokens_, llm_.hidden}, {a, b}, {out});
    return out;
  }

  Tensor matmul(const Tensor& x, const std::string& weight_name, const std::string& out_name, std::uint64_t m,
                std::uint64_t k, std::uint64_t n) {
    const Tensor out = builder_.activation(out_name, {m, n});
    builder_.append(OperatorKind::matmul, MatmulShape{1, m, n, k}, {x, builder_.weight(weight_name, {k, n})},
                    {out});
    return out;
  }

  // Exchanges the devices' parts of `x`, whose whole rows have `cols` elements.
  Tensor exchange(OperatorKind kind, const Tensor& x, const std::string& out_name, std::uint64_t rows,
                  std::uint64_t cols) {
    if (tp_ == 1) return x;
    const Tensor out = builder_.activation(out_name, {rows, cols});
    const std::uint64_t bytes = (rows * cols * element_bits_ + 7) / 8;
    builder_.append(kind, CollectiveShape{bytes, static_cast<std::uint32_t>(tp_)}, {x}, {out});
    return out;
  }

  // A projection back to the hidden size: its k is split (Megatron: all-reduce), or its n (all-gather).
  Tensor project(const Tensor& x, const std::string& name, std::uint64_t k) {
    if (!gather_) {
      const Tensor partial = matmul(x, name + "_weight", name, tokens_, k / tp_, llm_.hidden);
      return exchange(OperatorKind::all_reduce, partial, name + "_reduced", tokens_, llm_.hidden);
    }
    const Tensor whole = exchange(OperatorKind::all_gather, x, name + "_input", tokens_, k);
    const Tensor part = matmul(whole, name + "_weight", name, tokens_, k, llm_.hidden / tp_);
    return exchange(OperatorKind::all_gather, part, name + "_gathered", tokens_, llm_.hidden);
  }

  Tensor attention(const Tensor& x) {
    const std::uint64_t hd = llm_.head_dim;
    const std::uint64_t kv_cols = kv_heads_ * hd;
    const Tensor qkv = matmul(x, "qkv_weight", "qkv", tokens_, llm_.hidden, heads_ * hd + 2 * kv_cols);
    Tensor query = qkv;
    if (llm_.position == PositionKind::rotary) {
      query = builder_.activation("q_rotated", {tokens_, heads_ * hd + kv_cols});
      builder_.append(OperatorKind::rope, VectorShape{tokens_, heads_ * hd + kv_cols},
                      {builder_.activation("qkv", {tokens_, heads_ * hd + kv_cols})}, {query});
    }
    const std::string query_name = query.id == qkv.id ? "qkv" : "q_rotated";
    if (!llm_.encoder_only && !execution_.fuses(FusedOperator::kv_append)) {
      builder_.append(OperatorKind::kv_append, VectorShape{tokens_, 2 * kv_cols},
                      {builder_.activation(query_name, {tokens_, 2 * kv_cols})},
                      {builder_.cache("kv_new", {tokens_, 2 * kv_cols})});
    }
    for (std::size_t i = 0; i < step_.groups.size(); ++i) attend(step_.groups[i], i, query_name);
    return builder_.activation("attention", {tokens_, heads_ * hd});
  }

  // The `index`th group's part of the attention; sequences of a group are alike, and run side by side.
  void attend(const SequenceGroup& group, std::size_t index, const std::string& query_name) {
    const std::string suffix = index == 0 ? "" : "_" + std::to_string(index);
    const std::uint64_t hd = llm_.head_dim;
    const std::uint64_t batch = group.sequences, q = group.new_tokens, context = group.context;
    const Tensor keys = builder_.cache("k_cache" + suffix, {batch, context, kv_heads_ * hd});
    const Tensor values = builder_.cache("v_cache" + suffix, {batch, context, kv_heads_ * hd});
    const Tensor query = builder_.activation(query_name, {batch * q, heads_ * hd});
    const Tensor out = builder_.activation("attention", {batch * q, heads_ * hd});
    const bool more = index > 0;  // of the same tensor
    if (execution_.fuses(FusedOperator::attention)) {
      AttentionShape shape{batch, heads_, kv_heads_, hd, q, context, !llm_.encoder_only && q > 1};
      builder_.append(OperatorKind::attention, shape, {query, keys, values}, {out}, more);
      return;
    }
    const std::uint64_t shared = heads_ / kv_heads_;
    const std::uint64_t pairs = batch * kv_heads_;
    const Tensor scores = builder_.activation("scores" + suffix, {batch * heads_ * q, context});
    const Tensor weights = builder_.activation("attention_weights" + suffix, {batch * heads_ * q, context});
    builder_.append(OperatorKind::matmul, MatmulShape{pairs, q * shared, context, hd}, {query, keys},
                    {scores});
    builder_.append(OperatorKind::softmax, VectorShape{batch * heads_ * q, context}, {scores}, {weights});
    builder_.append(OperatorKind::matmul, MatmulShape{pairs, q * shared, hd, context}, {weights, values},
                    {out}, more);
  }

  // A mixture: the router, then each expert that some token takes on its share of the rows (as even as it can
  // be), then the sum of a token's experts.
  Tensor mixture(const Tensor& x) {
    const std::uint64_t ffn = llm_.ffn / tp_;
    matmul(x, "router_weight", "router", tokens_, llm_.hidden, llm_.experts);
    const double share = static_cast<double>(llm_.experts_a_token) / static_cast<double>(llm_.experts);
    const double unused = std::pow(1 - share, static_cast<double>(tokens_));
    const auto active = std::max<std::uint64_t>(
        llm_.experts_a_token,
        static_cast<std::uint64_t>(std::lround(static_cast<double>(llm_.experts) * (1 - unused))));
    const std::uint64_t rows = ceil_div(tokens_ * llm_.experts_a_token, active);
    const auto expert_matmul = [&](const Tensor& in, const char* name, std::uint64_t k, std::uint64_t n) {
      const Tensor out = builder_.activation(name, {active, rows, n});
      const Tensor weight = builder_.weight(std::string(name) + "_weight", {active, k, n});
      builder_.append(OperatorKind::matmul, MatmulShape{active, rows, n, k}, {in, weight}, {out});
      return out;
    };
    const RoutingShape routing = {tokens_, llm_.experts_a_token, llm_.hidden};
    const auto copies = [&](const char* name) {  // the rows that are some token's; the rest is padding
      return builder_.activation(name, {tokens_, llm_.experts_a_token, llm_.hidden});
    };
    builder_.append(OperatorKind::expert_gather, routing, {x}, {copies("expert_rows")});
    const Tensor gathered = builder_.activation("expert_rows", {active, rows, llm_.hidden});
    const Tensor up = expert_matmul(gathered, "expert_gate_up", llm_.hidden, 2 * ffn);
    const Tensor inner = builder_.activation("expert_inner", {active, rows, ffn});
    builder_.append(OperatorKind::silu_mul, VectorShape{active * rows, ffn}, {up}, {inner});
    expert_matmul(inner, "expert_down", ffn, llm_.hidden);
    const Tensor sum = hidden("experts");
    builder_.append(OperatorKind::expert_sum, routing, {copies("expert_down")}, {sum});
    return exchange(OperatorKind::all_reduce, sum, "experts_reduced", tokens_, llm_.hidden);
  }

  Tensor feed_forward(const Tensor& x) {
    if (llm_.experts > 0) return mixture(x);
    const std::uint64_t ffn = llm_.ffn / tp_;
    Tensor inner = builder_.activation("ffn_inner", {tokens_, ffn});
    if (llm_.activation == ActivationKind::silu_gated) {
      const Tensor up = matmul(x, "gate_up_weight", "gate_up", tokens_, llm_.hidden, 2 * ffn);
      builder_.append(OperatorKind::silu_mul, VectorShape{tokens_, ffn}, {up}, {inner});
    } else {
      const Tensor up = matmul(x, "up_weight", "up", tokens_, llm_.hidden, ffn);
      builder_.append(OperatorKind::gelu, VectorShape{tokens_, ffn}, {up}, {inner});
    }
    return project(inner, "down", llm_.ffn);
  }

  // x + branch, then its norm: one operator when the machine fuses them.
  Tensor add_norm(const Tensor& x, const Tensor& branch, const std::string& sum_name,
                  const std::string& norm_name, Tensor& sum) {
    if (llm_.norm == NormKind::rmsnorm && execution_.fuses(FusedOperator::add_rmsnorm)) {
      sum = hidden(sum_name);
      const Tensor out = hidden(norm_name);
      builder_.append(OperatorKind::add_rmsnorm, VectorShape{tokens_, llm_.hidden},
                      {x, branch, builder_.weight(norm_name + "_weight", {1, llm_.hidden})}, {sum, out});
      return out;
    }
    sum = add(x, branch, sum_name);
    return norm(sum, norm_name, norm_name + "_weight");
  }

  Tensor pre_norm_layer(const Tensor& x) {
    Tensor stream = x;
    Tensor normed;
    if (residual_.id.empty()) {
      normed = norm(x, "input_norm", "input_norm_weight");
    } else {
      normed = add_norm(x, residual_, "x_in", "input_norm", stream);
    }
    const Tensor attended = project(attention(normed), "attention_output", llm_.heads * llm_.head_dim);
    Tensor sum;
    const Tensor ffn_in = add_norm(stream, attended, "x_mid", "ffn_norm", sum);
    residual_ = feed_forward(ffn_in);
    return sum;
  }

  // Attention and feed-forward side by side from one norm (GPT-J).
  Tensor parallel_layer(const Tensor& x) {
    const Tensor normed = norm(x, "input_norm", "input_norm_weight");
    const Tensor attended = project(attention(normed), "attention_output", llm_.heads * llm_.head_dim);
    const Tensor fed = feed_forward(normed);
    return add(add(x, attended, "x_mid"), fed, "x_out");
  }

  Tensor post_norm_layer(const Tensor& x) {
    const Tensor attended = project(attention(x), "attention_output", llm_.heads * llm_.head_dim);
    const Tensor mid = norm(add(x, attended, "x_mid"), "x_mid_norm", "attention_norm_weight");
    const Tensor out = feed_forward(mid);
    return norm(add(mid, out, "x_out"), "x_out_norm", "output_norm_weight");
  }

  // Final norm and LM head on the last position of each sequence (an encoder keeps all positions and pools
  // one).
  void head(const Tensor& x) {
    if (llm_.encoder_only) {
      Tensor first = x;  // a position a sequence
      first.shape = {sequences_, llm_.hidden};
      if (llm_.pooler) matmul(first, "pooler_weight", "pooled", sequences_, llm_.hidden, llm_.hidden);
      return;
    }
    Tensor sum;
    if (residual_.id.empty()) {
      norm(x, "final_norm", "final_norm_weight");
    } else {
      add_norm(x, residual_, "x_final", "final_norm", sum);
    }
    const Tensor last = builder_.activation("final_norm", {sequences_, llm_.hidden});
    Tensor head_weight =
        builder_.weight(llm_.tied_embeddings ? "embedding" : "lm_head", {llm_.hidden, vocab_share()});
    const Tensor logits = builder_.activation("logits", {sequences_, vocab_share()});
    builder_.append(OperatorKind::matmul, MatmulShape{1, sequences_, vocab_share(), llm_.hidden},
                    {last, head_weight}, {logits});
    exchange(OperatorKind::all_gather, logits, "all_logits", sequences_, vocab_share() * tp_);
  }

  std::uint64_t vocab_share() const { return (llm_.vocab + tp_ - 1) / tp_; }
};

}  // namespace

void check_scenario(const LlmSpec& llm, const Scenario& scenario) {
  std::vector<Diagnostic> errors;
  const std::uint32_t tp = scenario.tensor_parallel;
  if (scenario.batch == 0 || scenario.input == 0 || scenario.output == 0) {
    errors.push_back({"", "batch, input and output must be at least 1"});
  }
  if (tp == 0 || llm.heads % tp != 0 || (llm.kv_heads % tp != 0 && tp % llm.kv_heads != 0) ||
      llm.ffn % tp != 0 || llm.hidden % tp != 0) {
    errors.push_back(
        {"", llm.name + " (" + std::to_string(llm.heads) + " heads, " + std::to_string(llm.kv_heads) +
                 " key/value heads) cannot be split evenly over " + std::to_string(tp) + " devices"});
  }
  if (llm.encoder_only && scenario.output > 1) {
    errors.push_back({"", llm.name + " is an encoder: it generates no tokens (use --output 1)"});
  }
  const std::uint64_t length = scenario.input + scenario.output - 1;
  if (errors.empty() && llm.position == PositionKind::learned && length > llm.max_positions) {
    errors.push_back({"", llm.name + " has " + std::to_string(llm.max_positions) + " learned positions; " +
                              std::to_string(length) + " are asked for (--input plus --output less one)"});
  }
  if (!errors.empty()) throw ConfigError(errors);
}

OperatorGraph build_step(const LlmSpec& llm, const Step& step, DType dtype, std::uint32_t tensor_parallel,
                         const ExecutionSpec& execution) {
  return GraphWriter(llm, step, dtype, tensor_parallel, execution).write();
}

}  // namespace orrery
