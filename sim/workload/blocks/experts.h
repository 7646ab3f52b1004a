#pragma once
// The routed experts of a mixture on one device: rows of tokens are ordered by the experts that these took,
// go through them, and back weighted and summed. Each expert that some token takes has its share of the rows,
// as even as it can be.

#include "sim/workload/blocks/feed_forward.h"
#include "sim/workload/expert_load.h"
#include "sim/workload/graph_builder.h"

namespace orrery {

struct Experts {
  std::uint64_t held = 0;             // on the device
  std::uint64_t experts_a_token = 0;  // of all
  std::uint64_t hidden = 0;           // length of a token's row
  std::uint64_t columns = 0;          // of an expert on the device
  ActivationKind activation = ActivationKind::silu_gated;
  bool biases = false;
  ExpertShare share = {};  // what falls to the device

  // Which kernels run beside the products and their activation. Where one does not, what it makes is taken
  // as made (or left, for the sum).
  bool sorts = true;  // pairs of a token and an expert, by expert
  bool gathers = true;
  bool quantises = true;
  bool combines = true;
  // Where rows are quantised: as the device has them, before they are gathered, or by each product, as
  // kernels whose scales are of blocks along k do (TensorRT-LLM's fp8_blockscale_gemm and its DeepGEMM
  // mixtures).
  bool products_quantise = false;
  bool activation_quantises = false;  // in the kernel of the activation (TensorRT-LLM's doActivation)

  // `in`: {tokens, hidden}, the rows of all tokens that are on the device, quantised or plain. Returns as
  // many, or each expert's where nothing combines them.
  Tensor write(GraphBuilder& builder, const Tensor& in) const;

 private:
  std::uint64_t active() const;
  std::uint64_t rows() const;  // of an expert, some of them padding
  RoutingShape routing(std::uint64_t tokens) const;
  Tensor narrowed(GraphBuilder& builder, const Tensor& x) const;
  Tensor product(GraphBuilder& builder, const Tensor& of, const std::string& name, std::uint64_t k,
                 std::uint64_t n) const;
};

// The router's choice: of `experts` scores of each of `tokens` the `chosen` best.
void choose_experts(GraphBuilder& builder, const Tensor& scores, std::uint64_t tokens, std::uint64_t experts,
                    std::uint64_t chosen);

// The whole number above, but for rounding.
std::uint64_t ceiled(double number);

}  // namespace orrery
