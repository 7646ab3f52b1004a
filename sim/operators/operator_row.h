#pragma once
// The operators, a row each: all that is said of an operator is said here. Who needs to know what a kind does
// asks for its row and visits its family; a kind without a row does not compile.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/operators/collective_operation.h"
#include "sim/operators/vector_cost.h"
#include "sim/util/enum_names.h"

namespace orrery {

enum class TensorKind : std::uint8_t { weight, activation, kv };
template <>
struct EnumNames<TensorKind> {
  static constexpr std::array<const char*, 3> kWords = {"weight", "activation", "kv"};
};

enum class OperatorKind : std::uint8_t {
  matmul,
  attention,
  rmsnorm,
  layernorm,
  add_rmsnorm,
  softmax,
  silu_mul,
  gelu,
  add,
  rope,
  kv_append,
  embedding,
  l2norm,
  gelu_mul,
  mla,
  quantize,
  mul,
  gate_mul,
  gated_norm,
  conv1d,
  selective_scan,
  state_update,
  delta_update,
  index_scores,
  topk,
  expert_gather,
  expert_sum,
  expert_sort,
  all_reduce,
  all_gather,
  reduce_scatter,
  all_to_all,
  broadcast,
  send_recv,
  shift,
  moe_dispatch,
  moe_combine,
  attention_backward,
  norm_backward,
  softmax_backward,
  gelu_backward,
  silu_mul_backward,
  gelu_mul_backward,
  adam,
  dropout,
  dropout_add,
  dropout_backward,
  column_sum,
  transpose,
  kinds,  // how many
};
inline constexpr auto kOperatorKinds = static_cast<std::size_t>(OperatorKind::kinds);

// A tensor of a vector operator on its own, by the `rows` x `cols` of its result.
struct OperandRow {
  const char* name = nullptr;
  TensorKind kind = TensorKind::activation;
  std::uint32_t rows = 0;        // 0: as many as the result has
  std::uint32_t cols_times = 1;  // of the result's
};
inline constexpr std::size_t kMostOperands = 3;
using OperandRows = std::array<OperandRow, kMostOperands>;  // those that have a name

struct MatmulFamily {};
struct AttentionFamily {
  bool values_in_keys = false;  // the first elements of a key are its value: one cache is read for both
  // Reads the result's gradient too; leaves those of queries, and of keys and values.
  bool backward = false;
  VectorCost cost = kOnlineSoftmaxCost;  // a score
};
struct VectorFamily {
  VectorCost cost;                // an element of the result, or a row
  OperandRows inputs;             // all that it needs
  OperandRows outputs;            // beyond its result
  bool whole_rows = false;        // a row stays in one piece; others may be cut anywhere
  bool gathers = false;           // reads scattered rows of its first input, one for each it writes
  std::uint32_t more_inputs = 0;  // that it may have
  bool narrows = false;           // reads 16 bits, writes the format that it is asked in
};
// Between the tokens of a mixture and their experts.
struct RoutingFamily {
  VectorCost cost;      // an element of an expert's copy
  bool spreads = true;  // a token's row goes to its experts; else their results are weighted and summed
};
// Along a sequence, channel by channel: each channel keeps a state of some numbers, which it reads and
// leaves.
struct ScanFamily {
  VectorCost cost;       // an element and number of its state
  VectorCost after;      // an element
  bool weights = false;  // as many a channel as its state has numbers
};
struct CollectiveFamily {
  CollectiveOperation operation = CollectiveOperation::all_reduce;
};
using OperatorFamily =
    std::variant<MatmulFamily, AttentionFamily, VectorFamily, RoutingFamily, ScanFamily, CollectiveFamily>;

struct OperatorRow {
  OperatorKind kind = OperatorKind::kinds;
  const char* name = nullptr;
  OperatorFamily family;
};

namespace operands {
inline constexpr OperandRow x = {"x"};
inline constexpr OperandRow b = {"b"};
inline constexpr OperandRow gain = {"gain", TensorKind::weight, 1};
inline constexpr OperandRow gain_bias = {"gain_bias", TensorKind::weight, 2};
inline constexpr OperandRow table = {"table", TensorKind::weight};
inline constexpr OperandRow gate_up = {"gate_up", TensorKind::activation, 0, 2};
inline constexpr OperandRow branch = {"branch"};
inline constexpr OperandRow sum = {"sum"};
inline constexpr OperandRow gate = {"gate"};
inline constexpr OperandRow gradient = {"gradient"};
inline constexpr OperandRow mask = {"mask"};
inline constexpr OperandRow up_gradient = {"up_gradient"};
inline constexpr OperandRow adam_state = {"gradient, moments, weights", TensorKind::activation, 0, 4};
inline constexpr OperandRow adam_next = {"moments, weights", TensorKind::activation, 0, 3};
}  // namespace operands

// In the order of the kinds. A cost counts lane operations an element, transcendentals an element and a row,
// reduction trees and vector instructions a row.
inline constexpr std::array<OperatorRow, kOperatorKinds> kOperators = {{
    {OperatorKind::matmul, "matmul", MatmulFamily{}},
    {OperatorKind::attention, "attention", AttentionFamily{}},
    // x^2 accumulated; x * r; * gain | rsqrt
    {OperatorKind::rmsnorm, "rmsnorm",
     VectorFamily{{3, 0, 1, 1, 4}, {{operands::x, operands::gain}}, {}, true}},
    // sum; centred square; subtract; * r; * gain + bias | rsqrt
    {OperatorKind::layernorm, "layernorm",
     VectorFamily{{5, 0, 1, 2, 8}, {{operands::x, operands::gain_bias}}, {}, true}},
    {OperatorKind::add_rmsnorm, "add_rmsnorm",
     VectorFamily{
         {4, 0, 1, 1, 5}, {{operands::x, operands::branch, operands::gain}}, {{operands::sum}}, true}},
    {OperatorKind::softmax, "softmax", VectorFamily{kSoftmaxCost, {{operands::x}}, {}, true}},
    // negate; 1 +; a *; * b | exp, reciprocal
    {OperatorKind::silu_mul, "silu_mul", VectorFamily{{4, 2, 0, 0, 5}, {{operands::gate_up}}, {}}},
    // tanh form: cube, scale, add, scale; 1 +; * x/2 | tanh
    {OperatorKind::gelu, "gelu", VectorFamily{{6, 1, 0, 0, 7}, {{operands::x}}, {}}},
    {OperatorKind::add, "add", VectorFamily{kAddCost, {{operands::x, operands::b}}, {}}},
    // two products and an add for each of a pair
    {OperatorKind::rope, "rope", VectorFamily{{3, 0, 0, 0, 3}, {{operands::x}}, {}}},
    {OperatorKind::kv_append, "kv_append", VectorFamily{kCopyCost, {{operands::x}}, {}}},
    {OperatorKind::embedding, "embedding",  // and perhaps a table of positions
     VectorFamily{kCopyCost, {{operands::table}}, {}, false, true, 1}},
    // x^2 accumulated; x * r | rsqrt: queries and keys of a head, without a gain
    {OperatorKind::l2norm, "l2norm", VectorFamily{{2, 0, 1, 1, 3}, {{operands::x}}, {}, true}},
    // gelu; * b
    {OperatorKind::gelu_mul, "gelu_mul", VectorFamily{{7, 1, 0, 0, 8}, {{operands::gate_up}}, {}}},
    // absorbed: queries against a latent that all heads share
    {OperatorKind::mla, "mla", AttentionFamily{true}},
    // |x|, its maximum; * 1 / scale, round | reciprocal
    {OperatorKind::quantize, "quantize",
     VectorFamily{{4, 0, 1, 1, 5}, {{operands::x}}, {}, true, false, 0, true}},
    {OperatorKind::mul, "mul", VectorFamily{{1, 0, 0, 0, 1}, {{operands::x, operands::b}}, {}}},
    // x * silu(gate), or its sigmoid: negate; 1 +; gate *; x * | exp, reciprocal
    {OperatorKind::gate_mul, "gate_mul", VectorFamily{{4, 2, 0, 0, 5}, {{operands::x, operands::gate}}, {}}},
    // the same, and rmsnorm
    {OperatorKind::gated_norm, "gated_norm",
     VectorFamily{{7, 2, 1, 1, 9}, {{operands::x, operands::gate, operands::gain}}, {}, true}},
    // a tap a number of the state, a fused multiply-add each; then silu
    {OperatorKind::conv1d, "conv1d", ScanFamily{{1, 0, 0, 0, 1}, {3, 2, 0, 0, 4}, true}},
    // Mamba (arXiv 2312.00752): dt * A; decay *; + dt * B * x; . C | exp
    {OperatorKind::selective_scan, "selective_scan", ScanFamily{{4, 1, 0, 0, 5}, {2, 0, 0, 0, 2}, false}},
    // Mamba-2 (arXiv 2405.21060), of one token: decay *; + B * x; . C
    {OperatorKind::state_update, "state_update", ScanFamily{{3, 0, 0, 0, 3}, {2, 0, 0, 0, 2}, false}},
    // Gated DeltaNet (arXiv 2412.06464), of one token: decay *; . k; + k * (v - what k found); . q
    {OperatorKind::delta_update, "delta_update", ScanFamily{{4, 0, 0, 0, 4}, {2, 0, 0, 0, 2}, false}},
    // DeepSeek-V3.2 (arXiv 2512.02556), section 2.1: light heads whose weighted scores choose positions
    {OperatorKind::index_scores, "index_scores", AttentionFamily{true, false, kIndexScoreCost}},
    {OperatorKind::topk, "topk", VectorFamily{{2, 0, 0, 1, 3}, {{operands::x}}, {}}},
    {OperatorKind::expert_gather, "expert_gather", RoutingFamily{kCopyCost, true}},
    {OperatorKind::expert_sum, "expert_sum", RoutingFamily{kAddCost, false}},  // a fused multiply-add
    // of a row of choices, each one's place among all that took that expert; of all tokens' choices as one
    // row, how many took each
    {OperatorKind::expert_sort, "expert_sort", VectorFamily{{2, 0, 0, 1, 3}, {{operands::x}}, {}}},
    {OperatorKind::all_reduce, "all_reduce", CollectiveFamily{CollectiveOperation::all_reduce}},
    {OperatorKind::all_gather, "all_gather", CollectiveFamily{CollectiveOperation::all_gather}},
    {OperatorKind::reduce_scatter, "reduce_scatter", CollectiveFamily{CollectiveOperation::reduce_scatter}},
    {OperatorKind::all_to_all, "all_to_all", CollectiveFamily{CollectiveOperation::all_to_all}},
    {OperatorKind::broadcast, "broadcast", CollectiveFamily{CollectiveOperation::broadcast}},
    {OperatorKind::send_recv, "send_recv", CollectiveFamily{CollectiveOperation::send_recv}},
    {OperatorKind::shift, "shift", CollectiveFamily{CollectiveOperation::shift}},
    // rows of tokens to the devices that hold their experts, and what these made of them back
    {OperatorKind::moe_dispatch, "moe_dispatch", CollectiveFamily{CollectiveOperation::all_to_all}},
    {OperatorKind::moe_combine, "moe_combine", CollectiveFamily{CollectiveOperation::all_to_all}},
    // FlashAttention-2 (arXiv 2307.08691), algorithm 2: scores once more, and four products
    {OperatorKind::attention_backward, "attention_backward",
     AttentionFamily{false, true, kSoftmaxBackwardCost}},
    // x * r; dy * gain; two sums; their terms subtracted; * r. Rows may be cut: sums of parts come together.
    {OperatorKind::norm_backward, "norm_backward",
     VectorFamily{{7, 0, 1, 2, 10}, {{operands::x, operands::gradient, operands::gain}}, {}}},
    // y * dy summed; dy - sum; * y. Rows may be cut.
    {OperatorKind::softmax_backward, "softmax_backward",
     VectorFamily{{3, 0, 0, 1, 4}, {{operands::x, operands::gradient}}, {}}},
    // the forward's tanh and its slope; * dy | tanh
    {OperatorKind::gelu_backward, "gelu_backward",
     VectorFamily{{12, 1, 0, 0, 13}, {{operands::x, operands::gradient}}, {}}},
    // sigmoid and its slope; gradients of gate and up | exp, reciprocal
    {OperatorKind::silu_mul_backward, "silu_mul_backward",
     VectorFamily{{9, 2, 0, 0, 11}, {{operands::gate_up, operands::gradient}}, {{operands::up_gradient}}}},
    {OperatorKind::gelu_mul_backward, "gelu_mul_backward",
     VectorFamily{{14, 1, 0, 0, 16}, {{operands::gate_up, operands::gradient}}, {{operands::up_gradient}}}},
    // Kingma and Ba (arXiv 1412.6980): two moments, their corrections, the step | square root, reciprocal
    {OperatorKind::adam, "adam",
     VectorFamily{{10, 2, 0, 0, 12}, {{operands::adam_state}}, {{operands::adam_next}}}},
    // ten rounds of Philox (Salmon et al., SC'11) for four numbers; compare; scale
    {OperatorKind::dropout, "dropout", VectorFamily{{22, 0, 0, 0, 24}, {{operands::x}}, {{operands::mask}}}},
    {OperatorKind::dropout_add, "dropout_add",
     VectorFamily{{23, 0, 0, 0, 25}, {{operands::x, operands::branch}}, {{operands::mask}}}},
    {OperatorKind::dropout_backward, "dropout_backward",
     VectorFamily{{2, 0, 0, 0, 3}, {{operands::gradient, operands::mask}}, {}}},
    // of a bias: its gradient
    {OperatorKind::column_sum, "column_sum", VectorFamily{{1, 0, 0, 0, 1}, {{operands::x}}, {}}},
    // a copy in another order, or in another format
    {OperatorKind::transpose, "transpose", VectorFamily{kCopyCost, {{operands::x}}, {}}},
}};

constexpr bool operator_rows_are_in_order() {
  for (std::size_t i = 0; i < kOperatorKinds; ++i) {
    if (static_cast<std::size_t>(kOperators[i].kind) != i) return false;
  }
  return true;
}
static_assert(operator_rows_are_in_order(), "a kind lacks its row, or stands elsewhere in the list");

constexpr const OperatorRow& operator_row(OperatorKind kind) {
  return kOperators[static_cast<std::size_t>(kind)];
}
constexpr std::array<const char*, kOperatorKinds> operator_words() {
  std::array<const char*, kOperatorKinds> words{};
  for (std::size_t i = 0; i < kOperatorKinds; ++i) words[i] = kOperators[i].name;
  return words;
}
template <>
struct EnumNames<OperatorKind> {
  static constexpr std::array<const char*, kOperatorKinds> kWords = operator_words();
};
// Reads scattered rows of its first input.
constexpr bool gathers(OperatorKind kind) {
  const auto* vector = std::get_if<VectorFamily>(&operator_row(kind).family);
  return vector != nullptr && vector->gathers;
}

// Its values are parts of its keys.
constexpr bool values_in_keys(OperatorKind kind) {
  const auto* attention = std::get_if<AttentionFamily>(&operator_row(kind).family);
  return attention != nullptr && attention->values_in_keys;
}

std::size_t count(const OperandRows& rows);

}  // namespace orrery
