#include "sim/workload/blocks/mixture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/util/checked.h"
#include "sim/util/errors.h"
#include "sim/workload/blocks/experts.h"
#include "sim/workload/blocks/linear.h"
#include "sim/workload/blocks/norm.h"

namespace orrery {

namespace {

// That none of `draws` different ones of `all` is one of `these`.
double none_of(std::uint64_t all, std::uint64_t these, std::uint64_t draws) {
  double none = 1;
  for (std::uint64_t i = 0; i < draws && none > 0; ++i)
    none *= std::max(0.0, static_cast<double>(all) - static_cast<double>(these + i)) /
            static_cast<double>(all - i);
  return none;
}

double choose(std::uint64_t n, std::uint64_t k) {
  if (k > n) return 0;
  double ways = 1;
  for (std::uint64_t i = 0; i < k; ++i) ways *= static_cast<double>(n - i) / static_cast<double>(i + 1);
  return ways;
}

}  // namespace

// Groups are drawn first (DeepSeek-V3, arXiv 2412.19437, section 2.1.2), experts among theirs.
double MixtureBlock::reaches(std::uint64_t devices) const {
  const std::uint64_t each = experts / devices;
  const std::uint64_t open = experts / groups * groups_a_token;  // experts of a token's groups
  if (devices % groups == 0) {
    const double chosen = static_cast<double>(groups_a_token) / static_cast<double>(groups);
    return chosen * (1 - none_of(open, each, experts_a_token));
  }
  if (groups % devices != 0) return 1 - none_of(experts, each, experts_a_token);
  const std::uint64_t here = groups / devices;  // whole groups
  double reached = 0;
  for (std::uint64_t chosen = 1; chosen <= std::min(here, groups_a_token); ++chosen) {
    const double so_many = choose(here, chosen) * choose(groups - here, groups_a_token - chosen) /
                           choose(groups, groups_a_token);
    reached += so_many * (1 - none_of(open, chosen * (experts / groups), experts_a_token));
  }
  return reached;
}

std::string MixtureBlock::misfit(const Parallelism& split) const {
  const std::uint32_t columns = split.expert_tensor();
  if (experts % split.expert != 0) return fmt::format("{} experts over --ep {}", experts, split.expert);
  if (width % columns != 0) return fmt::format("{} columns of an expert over {} devices", width, columns);
  return undivided(shared, "columns of the shared experts", split);
}

ExpertShare MixtureBlock::share(const Parallelism& split, std::uint64_t tokens) const {
  if (split.expert_load.kind != ExpertLoad::Kind::uniform)
    return busiest_share(split.expert_load.probabilities(experts, experts_a_token), tokens, split.expert);
  const double n = static_cast<double>(tokens);
  const double devices = split.expert;
  const double p = static_cast<double>(experts_a_token) / static_cast<double>(experts);
  const double active = static_cast<double>(experts) * (1 - std::pow(1 - p, n));
  return {n * static_cast<double>(experts_a_token) / devices, active / devices, n * reaches(split.expert)};
}

// Of all tokens that are on this device, or of its share of the tensor-parallel group's where they travel.
Tensor MixtureBlock::routed(GraphBuilder& builder, const Tensor& x) const {
  const GraphFacts& facts = builder.facts();
  const Parallelism& split = facts.split;
  const std::uint64_t tokens = builder.tokens();
  const bool travel = split.experts_across_replicas();
  const std::uint64_t own = travel ? ceil_div<std::uint64_t>(tokens, split.tensor) : tokens;
  Experts here;
  here.held = experts / split.expert;
  here.experts_a_token = experts_a_token;
  here.hidden = facts.hidden;
  here.columns = width / split.expert_tensor();
  here.activation = activation;
  here.biases = biases;
  here.share = share(split, tokens * split.expert_replicas());
  const std::uint64_t received =
      split.expert == 1 ? tokens : std::max<std::uint64_t>(1, ceiled(here.share.received));

  // All devices send as much as the busiest one receives of each.
  const auto travelled = [&](OperatorKind kind, const Tensor& from, const std::string& name,
                             std::uint64_t out_rows) {
    Tensor to = builder.activation(name, {out_rows, facts.hidden});
    to.format = from.format;
    const std::uint64_t bytes = checked_product({received, facts.hidden});
    builder.append(kind, CollectiveShape{to.format.bytes(bytes), split.expert}, {from}, {to});
    return to;
  };
  Tensor in = builder.quantised(x, TensorGroup::experts);
  if (travel)
    in = travelled(OperatorKind::moe_dispatch, view(in, {own, facts.hidden}), "expert_tokens", received);
  const Tensor sum = here.write(builder, view(in, {received, facts.hidden}));
  if (!travel) return summed(builder, view(sum, {tokens, facts.hidden}), "experts_reduced");
  const Tensor back = travelled(OperatorKind::moe_combine, sum, "experts_combined", own);
  return builder.rows_apart() ? back
                              : exchange(builder, OperatorKind::all_gather, back, "experts_gathered", tokens,
                                         facts.hidden, split.tensor_group());
}

Tensor MixtureBlock::write(GraphBuilder& builder, const Tensor& x) const {
  const ExecutionSpec& execution = builder.facts().execution;
  if (execution.conditional || (execution.stored_weights && execution.stored_weights->loaded_share > 0))
    throw ConfigError(
        "",
        "a mixture of experts chooses among its neurons: 'conditional' and 'loaded_share' are of "
        "dense feed-forward blocks");
  const GraphFacts& facts = builder.facts();
  const std::uint64_t tokens = builder.tokens();
  const Tensor scores =
      product(builder, x, "router", TensorGroup::router, tokens, facts.hidden, experts, biases);
  choose_experts(builder, scores, tokens, experts, experts_a_token);
  if (score_bias) builder.hold("router_score_bias", experts);
  if (scaled) builder.hold("router_scales", facts.hidden + experts);
  const Tensor mixed = routed(builder, x);
  if (shared == 0) return mixed;
  if (shared_gate) product(builder, x, "shared_gate", TensorGroup::router, tokens, facts.hidden, 1);
  const Tensor common =
      FeedForwardBlock{shared, activation, false, "shared_", TensorGroup::shared_experts}.write(builder, x);
  return add(builder, mixed, common, "experts_and_shared");
}

}  // namespace orrery
