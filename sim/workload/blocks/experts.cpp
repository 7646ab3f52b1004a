#include "sim/workload/blocks/experts.h"

#include <algorithm>
#include <cmath>

#include "sim/util/checked.h"

namespace orrery {

std::uint64_t ceiled(double number) {
  constexpr double kRounding = 1e-9;
  return static_cast<std::uint64_t>(std::ceil(number * (1 - kRounding)));
}

void choose_experts(GraphBuilder& builder, const Tensor& scores, std::uint64_t tokens, std::uint64_t experts,
                    std::uint64_t chosen) {
  // Of each row so many numbers are kept.
  Tensor choice = builder.activation("router_choice", {tokens, experts});
  choice.format = stored_as(DType::fp32);
  choice.format.bits = choice.format.bits.spread(chosen, experts);
  builder.append(OperatorKind::topk, VectorShape{tokens, experts}, {scores}, {choice});
}

std::uint64_t Experts::active() const {
  return std::max<std::uint64_t>(1, ceiled(share.active));
}

std::uint64_t Experts::rows() const {
  return std::max<std::uint64_t>(1, ceil_div(ceiled(share.rows), active()));
}

Tensor Experts::narrowed(GraphBuilder& builder, const Tensor& x) const {
  return quantises ? builder.quantised(x, TensorGroup::experts)
                   : builder.as_quantised(x, TensorGroup::experts);
}

Tensor Experts::product(GraphBuilder& builder, const Tensor& of, const std::string& name, std::uint64_t k,
                        std::uint64_t n) const {
  const Tensor out = builder.activation(name, {active(), rows(), n});
  const HeldWeight all = {checked_product({held, k, n}), checked_product({experts_a_token, k, n}), {}};
  Tensor weight = builder.weight(name + "_weight", {active(), k, n}, TensorGroup::experts, all);
  // As many bytes as are expected, which is no whole number of experts.
  constexpr std::uint64_t kParts = 1 << 20;
  weight.format.bits = weight.format.bits.spread(
      static_cast<std::uint64_t>(std::llround(share.active * kParts)), active() * kParts);
  builder.append(OperatorKind::matmul, MatmulShape{active(), rows(), n, k, 1},
                 {narrowed(builder, of), weight}, {out});
  if (biases) builder.hold(name + "_bias", HeldWeight{held * n, experts_a_token * n, {}});
  return out;
}

// Of `tokens` on the device; some of them have no copy here where there are fewer rows than tokens.
RoutingShape Experts::routing(std::uint64_t tokens) const {
  if (share.rows >= static_cast<double>(checked_product({tokens, experts_a_token})))
    return {tokens, experts_a_token, hidden};
  const std::uint64_t moved = std::clamp<std::uint64_t>(ceiled(share.rows), 1, tokens);
  const auto copies = static_cast<std::uint64_t>(std::llround(share.rows / static_cast<double>(moved)));
  return {moved, std::max<std::uint64_t>(1, copies), hidden};
}

Tensor Experts::write(GraphBuilder& builder, const Tensor& in) const {
  const std::uint64_t tokens = in.elements() / hidden;
  const RoutingShape moved = routing(tokens);
  const std::vector<std::uint64_t> copies = {moved.tokens, moved.experts, hidden};
  if (sorts) {
    // One kernel counts the rows of each expert, one places them (vLLM's and SGLang's moe_align_block_size;
    // TensorRT-LLM's expert maps and strides of its grouped products).
    const std::vector<std::uint64_t> pairs = {tokens, experts_a_token};
    const auto whole_numbers = [&](const char* name, const std::vector<std::uint64_t>& extents) {
      Tensor made = builder.activation(name, extents);
      made.format = stored_as(DType::fp32);
      return made;
    };
    const Tensor choice = whole_numbers("expert_choice", pairs);
    builder.append(OperatorKind::expert_sort, VectorShape{1, checked_product({tokens, experts_a_token})},
                   {choice}, {whole_numbers("expert_counts", pairs)});
    builder.append(OperatorKind::expert_sort, VectorShape{tokens, experts_a_token}, {choice},
                   {whole_numbers("expert_places", pairs)});
  }
  Tensor gathered = builder.activation("expert_rows", {active(), rows(), hidden});
  const Tensor sent = products_quantise ? in : narrowed(builder, in);
  gathered.format = sent.format;
  if (gathers)
    builder.append(OperatorKind::expert_gather, moved, {view(sent, {moved.tokens, hidden})},
                   {view(gathered, copies)});
  const bool gated = activation != ActivationKind::gelu;
  const Tensor up = product(builder, gathered, gated ? "expert_gate_up" : "expert_up", hidden,
                            gated ? 2 * columns : columns);
  Tensor inner = builder.activation("expert_inner", {active(), rows(), columns});
  if (activation_quantises) inner = builder.as_quantised(inner, TensorGroup::experts);
  builder.append(activation_operator(activation), VectorShape{active() * rows(), columns}, {up}, {inner});
  const Tensor down = product(builder, inner, "expert_down", columns, hidden);
  if (!combines) return down;
  const Tensor sum = builder.activation("experts", {tokens, hidden});
  builder.append(OperatorKind::expert_sum, RoutingShape{tokens, moved.experts, hidden}, {view(down, copies)},
                 {sum});
  return sum;
}

}  // namespace orrery
