#include "sim/workload/blocks/mixture.h"

#include <algorithm>
#include <cmath>

#include "sim/util/checked.h"
#include "sim/workload/blocks/linear.h"
#include "sim/workload/blocks/norm.h"

namespace orrery {

double MixtureBlock::expected(std::uint64_t tokens) const {
  const double share = static_cast<double>(experts_a_token) / static_cast<double>(experts);
  const double unused = std::pow(1 - share, static_cast<double>(tokens));
  return std::max(static_cast<double>(experts_a_token), static_cast<double>(experts) * (1 - unused));
}

std::uint64_t MixtureBlock::taken(std::uint64_t tokens) const {
  constexpr double kRounding = 1e-9;
  return static_cast<std::uint64_t>(std::ceil(expected(tokens) * (1 - kRounding)));
}

Tensor MixtureBlock::write(GraphBuilder& builder, const Tensor& x) const {
  const GraphFacts& facts = builder.facts();
  const std::uint64_t tokens = builder.tokens();
  const std::uint64_t cols = width / facts.split.tensor;
  product(builder, x, "router", TensorGroup::router, tokens, facts.hidden, experts, biases);
  if (score_bias) builder.hold("router_score_bias", experts);
  if (scaled) builder.hold("router_scales", facts.hidden + experts);
  const std::uint64_t active = taken(tokens);
  const std::uint64_t rows =
      ceil_div(tokens * experts_a_token, active);  // of an expert, some of them padding
  const RoutingShape routing = {tokens, experts_a_token, facts.hidden};
  const std::vector<std::uint64_t> copies = {tokens, experts_a_token, facts.hidden};

  const auto expert_product = [&](const Tensor& of, const std::string& name, std::uint64_t k,
                                  std::uint64_t n) {
    const Tensor out = builder.activation(name, {active, rows, n});
    const HeldWeight held = {checked_product({experts, k, n}), checked_product({experts_a_token, k, n}), {}};
    Tensor weight = builder.weight(name + "_weight", {active, k, n}, TensorGroup::experts, held);
    // As many bytes as are expected, which is no whole number of experts.
    constexpr std::uint64_t kParts = 1 << 20;
    weight.format.bits = weight.format.bits.spread(
        static_cast<std::uint64_t>(std::llround(expected(tokens) * kParts)), active * kParts);
    builder.append(OperatorKind::matmul, MatmulShape{active, rows, n, k},
                   {builder.quantised(of, TensorGroup::experts), weight}, {out});
    if (biases) builder.hold(name + "_bias", HeldWeight{experts * n, experts_a_token * n, {}});
    return out;
  };
  const Tensor in = builder.quantised(x, TensorGroup::experts);
  Tensor gathered = builder.activation("expert_rows", {active, rows, facts.hidden});
  gathered.format = in.format;
  builder.append(OperatorKind::expert_gather, routing, {in}, {view(gathered, copies)});
  const bool gated = activation != ActivationKind::gelu;
  const Tensor up =
      expert_product(gathered, gated ? "expert_gate_up" : "expert_up", facts.hidden, gated ? 2 * cols : cols);
  const Tensor inner = builder.activation("expert_inner", {active, rows, cols});
  builder.append(activation_operator(activation), VectorShape{active * rows, cols}, {up}, {inner});
  const Tensor down = expert_product(inner, "expert_down", cols, facts.hidden);
  const Tensor sum = builder.row("experts");
  builder.append(OperatorKind::expert_sum, routing, {view(down, copies)}, {sum});
  const Tensor routed =
      exchange(builder, OperatorKind::all_reduce, sum, "experts_reduced", tokens, facts.hidden);
  if (shared == 0) return routed;
  if (shared_gate) product(builder, x, "shared_gate", TensorGroup::router, tokens, facts.hidden, 1);
  const Tensor common =
      FeedForwardBlock{shared, activation, false, "shared_", TensorGroup::shared_experts}.write(builder, x);
  return add(builder, routed, common, "experts_and_shared");
}

}  // namespace orrery
