#include "sim/workload/blocks/layer.h"

#include <algorithm>
#include <tuple>

#include "sim/workload/blocks/linear.h"
#include "sim/workload/blocks/norm.h"

namespace orrery {
namespace {

Tensor mixed(GraphBuilder& builder, const MixerBlock& mixer, const Tensor& x) {
  return std::visit([&](const auto& block) { return block.write(builder, x); }, mixer);
}

}  // namespace

ResidualStream ResidualBlock::write(GraphBuilder& builder, const ResidualStream& in) const {
  Tensor x = in.x;
  Tensor mixed_in = in.x;
  if (norm.empty()) {
    if (in.branch) x = mixed_in = add(builder, in.x, *in.branch, sum);
  } else if (in.branch) {
    std::tie(x, mixed_in) = add_norm(builder, in.x, *in.branch, sum, norm);
  } else {
    mixed_in = orrery::norm(builder, in.x, norm, norm + "_weight");
  }
  const Tensor branch = mixed(builder, mixer, whole(builder, mixed_in));
  if (branch_norm.empty()) return {x, branch};
  return {x, orrery::norm(builder, branch, branch_norm, branch_norm + "_weight")};
}

ResidualStream PostNorm::write(GraphBuilder& builder, const ResidualStream& in) const {
  const Tensor before = settled(builder, in.x, in.branch);
  const Tensor x = add(builder, before, mixed(builder, mixer, whole(builder, before)), sum);
  return {norm(builder, x, sum + "_norm", weight), std::nullopt};
}

ResidualStream ParallelBranches::write(GraphBuilder& builder, const ResidualStream& in) const {
  Tensor x = settled(builder, in.x, in.branch);
  std::vector<Tensor> normed;
  for (const std::string& name : norms)
    normed.push_back(whole(builder, orrery::norm(builder, x, name, name + "_weight")));
  std::vector<Tensor> branches;
  for (std::size_t i = 0; i < mixers.size(); ++i)
    branches.push_back(mixed(builder, mixers[i], normed[std::min(i, normed.size() - 1)]));
  for (std::size_t i = 0; i < branches.size(); ++i) {
    const std::string name = i + 1 == branches.size() ? "x_out"
                             : i == 0                 ? "x_mid"
                                                      : "x_mid" + std::to_string(i);
    x = add(builder, x, branches[i], name);
  }
  return {x, std::nullopt};
}

ResidualStream NormedBranches::write(GraphBuilder& builder, const ResidualStream& in) const {
  const Tensor x = settled(builder, in.x, in.branch);
  std::optional<Tensor> sum;
  for (std::size_t i = 0; i < mixers.size(); ++i) {
    const std::string at = "branch" + std::to_string(i);
    const Tensor normed = orrery::norm(builder, x, at + "_norm", at + "_norm_weight");
    Tensor branch = mixed(builder, mixers[i], whole(builder, normed));
    if (mixers.size() > 1) branch = orrery::norm(builder, branch, at + "_normed", at + "_normed_weight");
    sum = sum ? add(builder, *sum, branch, at + "_sum") : branch;
  }
  builder.hold("layer_scale", 1);
  return {x, orrery::norm(builder, *sum, "branches_norm", "branches_norm_weight")};
}

ResidualStream DraftLayer::write(GraphBuilder& builder, const ResidualStream& in) const {
  // EAGLE-3 (arXiv 2503.01840): `branch` brings the embedding.
  refuse_rows_apart(builder, "a draft");
  const std::uint64_t tokens = builder.tokens();
  const std::uint64_t hidden = builder.facts().hidden;
  const Tensor pair = builder.activation("draft_pair", {tokens, 2 * hidden});
  const auto normed = [&](const Tensor& x, const char* weight, bool more) {
    builder.append(OperatorKind::rmsnorm, VectorShape{tokens, hidden},
                   {x, builder.weight(weight, {1, hidden})}, {view(pair, {tokens, hidden})}, more);
  };
  normed(in.branch.value_or(in.x), "embedding_norm_weight", false);
  normed(in.x, "state_norm_weight", true);
  const Tensor attended = attention.write(builder, pair);
  return ResidualBlock{"x_mid", "ffn_norm", feed_forward}.write(builder, {in.x, attended});
}

std::vector<LayerBlock> pre_norm_layer(const MixerBlock& attention, const MixerBlock& feed_forward) {
  return {ResidualBlock{"x_in", "input_norm", attention}, ResidualBlock{"x_mid", "ffn_norm", feed_forward}};
}

std::vector<LayerBlock> post_norm_layer(const MixerBlock& attention, const MixerBlock& feed_forward) {
  return {PostNorm{"x_mid", "attention_norm_weight", attention},
          PostNorm{"x_out", "output_norm_weight", feed_forward}};
}

std::vector<LayerBlock> branch_norm_layer(const MixerBlock& attention, const MixerBlock& feed_forward) {
  return {ResidualBlock{"x_in", "", attention, "attention_norm"},
          ResidualBlock{"x_mid", "", feed_forward, "output_norm"}};
}

std::vector<LayerBlock> sandwich_layer(const MixerBlock& attention, const MixerBlock& feed_forward) {
  return {ResidualBlock{"x_in", "input_norm", attention, "attention_norm"},
          ResidualBlock{"x_mid", "ffn_norm", feed_forward, "output_norm"}};
}

}  // namespace orrery
