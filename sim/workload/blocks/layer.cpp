#include "sim/workload/blocks/layer.h"

#include "sim/workload/blocks/norm.h"

namespace orrery {
namespace {

Tensor mixed(GraphBuilder& builder, const MixerBlock& mixer, const Tensor& x) {
  return std::visit([&](const auto& block) { return block.write(builder, x); }, mixer);
}

}  // namespace

ResidualStream PreNorm::write(GraphBuilder& builder, const ResidualStream& in) const {
  if (!in.branch) return {in.x, mixed(builder, mixer, orrery::norm(builder, in.x, norm, norm + "_weight"))};
  const auto [x, normed] = add_norm(builder, in.x, *in.branch, sum, norm);
  return {x, mixed(builder, mixer, normed)};
}

ResidualStream PostNorm::write(GraphBuilder& builder, const ResidualStream& in) const {
  const Tensor before = settled(builder, in.x, in.branch);
  const Tensor x = add(builder, before, mixed(builder, mixer, before), sum);
  return {norm(builder, x, sum + "_norm", weight), std::nullopt};
}

ResidualStream ParallelBranches::write(GraphBuilder& builder, const ResidualStream& in) const {
  Tensor x = settled(builder, in.x, in.branch);
  const Tensor normed = orrery::norm(builder, x, norm, norm + "_weight");
  std::vector<Tensor> branches;
  for (const MixerBlock& mixer : mixers) branches.push_back(mixed(builder, mixer, normed));
  for (std::size_t i = 0; i < branches.size(); ++i) {
    const std::string name = i + 1 == branches.size() ? "x_out"
                             : i == 0                 ? "x_mid"
                                                      : "x_mid" + std::to_string(i);
    x = add(builder, x, branches[i], name);
  }
  return {x, std::nullopt};
}

std::vector<LayerBlock> pre_norm_layer(const MixerBlock& attention, const MixerBlock& feed_forward) {
  return {PreNorm{"x_in", "input_norm", attention}, PreNorm{"x_mid", "ffn_norm", feed_forward}};
}

std::vector<LayerBlock> post_norm_layer(const MixerBlock& attention, const MixerBlock& feed_forward) {
  return {PostNorm{"x_mid", "attention_norm_weight", attention},
          PostNorm{"x_out", "output_norm_weight", feed_forward}};
}

}  // namespace orrery
