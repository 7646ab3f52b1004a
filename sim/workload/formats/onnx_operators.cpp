#include "sim/workload/formats/onnx_operators.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "sim/util/checked.h"
#include "sim/workload/formats/onnx_shapes.h"
#include "sim/workload/standalone_operator.h"

namespace orrery {
namespace {

enum class OnnxRole : std::uint8_t {
  product,    // MatMul, Gemm
  packed,     // MatMulNBits
  conv,       // as a product
  one,        // element by element, of one tensor
  two,        // of two, as they are broadcast
  rows,       // along the last dimension
  norm,       // the same, with a gain
  skip_norm,  // of a sum
  attention,  // of queries, keys and values
  move,       // its result is written anew
  reduce,     // as much read as the operator's rows hold
  lookup,     // Gather
  quantize,   // rows in whole numbers
  view        // the same data, or none
};

struct OnnxRow {
  OnnxRole role;
  OperatorKind kind = OperatorKind::kinds;
};

const OnnxRow* row_of_node(const std::string& op) {
  static const std::unordered_map<std::string, OnnxRow> kRows = [] {
    std::unordered_map<std::string, OnnxRow> rows = {
        {"MatMul", {OnnxRole::product, OperatorKind::matmul}},
        {"MatMulInteger", {OnnxRole::product, OperatorKind::matmul}},
        {"QuantizeLinear", {OnnxRole::quantize, OperatorKind::quantize}},
        {"DynamicQuantizeLinear", {OnnxRole::quantize, OperatorKind::quantize}},
        {"Gemm", {OnnxRole::product, OperatorKind::matmul}},
        {"MatMulNBits", {OnnxRole::packed, OperatorKind::matmul}},
        {"Conv", {OnnxRole::conv, OperatorKind::matmul}},
        {"Softmax", {OnnxRole::rows, OperatorKind::softmax}},
        {"LogSoftmax", {OnnxRole::rows, OperatorKind::softmax}},
        {"LayerNormalization", {OnnxRole::norm, OperatorKind::layernorm}},
        {"SimplifiedLayerNormalization", {OnnxRole::norm, OperatorKind::rmsnorm}},
        {"RMSNormalization", {OnnxRole::norm, OperatorKind::rmsnorm}},
        {"SkipLayerNormalization", {OnnxRole::skip_norm, OperatorKind::layernorm}},
        {"SkipSimplifiedLayerNormalization", {OnnxRole::skip_norm, OperatorKind::add_rmsnorm}},
        {"RotaryEmbedding", {OnnxRole::one, OperatorKind::rope}},
        {"Attention", {OnnxRole::attention, OperatorKind::attention}},
        {"MultiHeadAttention", {OnnxRole::attention, OperatorKind::attention}},
        {"GroupQueryAttention", {OnnxRole::attention, OperatorKind::attention}},
        {"Gather", {OnnxRole::lookup, OperatorKind::embedding}}};
    for (const char* name : {"Gelu", "FastGelu", "BiasGelu", "QuickGelu", "Erf", "Tanh", "Sigmoid", "Exp",
                             "Log", "Cos", "Sin", "Softplus", "Swish"})
      rows[name] = {OnnxRole::one, OperatorKind::gelu};
    for (const char* name : {"Relu", "Neg", "Sqrt", "Reciprocal", "Abs", "Clip", "Cast"})
      rows[name] = {OnnxRole::one, OperatorKind::kv_append};
    for (const char* name : {"Add", "Sub", "Min", "Max", "Sum"})
      rows[name] = {OnnxRole::two, OperatorKind::add};
    for (const char* name : {"Mul", "Div", "Pow", "PRelu"}) rows[name] = {OnnxRole::two, OperatorKind::mul};
    for (const char* name :
         {"Transpose", "Slice", "Split", "Concat", "Expand", "Where", "Trilu", "ScatterND"})
      rows[name] = {OnnxRole::move, OperatorKind::kv_append};
    for (const char* name : {"ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2"})
      rows[name] = {OnnxRole::reduce, OperatorKind::topk};
    for (const char* name : {"Reshape", "Squeeze", "Unsqueeze", "Identity", "Dropout", "Constant",
                             "ConstantOfShape", "Shape", "Size", "Range"})
      rows[name] = {OnnxRole::view};
    return rows;
  }();
  const auto found = kRows.find(op);
  return found == kRows.end() ? nullptr : &found->second;
}

// Whole numbers and truth values (TensorProto.DataType).
bool is_whole(std::int32_t type) {
  return (type >= 2 && type <= 7) || type == 9 || type == 12 || type == 13 || type == 21 || type == 22;
}

// Nodes beside those of the table that find positions and make masks.
bool is_bookkeeping(const std::string& op) {
  static const std::unordered_set<std::string> kNames = {"Equal",
                                                         "Less",
                                                         "Greater",
                                                         "LessOrEqual",
                                                         "GreaterOrEqual",
                                                         "And",
                                                         "Or",
                                                         "Xor",
                                                         "Not",
                                                         "NonZero",
                                                         "CumSum",
                                                         "ArgMax",
                                                         "ArgMin",
                                                         "Mod",
                                                         "Tile",
                                                         "Pad",
                                                         "GatherND",
                                                         "GatherElements",
                                                         "ScatterElements",
                                                         "OneHot",
                                                         "IsNaN",
                                                         "IsInf",
                                                         "Sign",
                                                         "Floor",
                                                         "Round",
                                                         "Ceil"};
  return kNames.count(op) > 0;
}

class NodeOperators {
 public:
  NodeOperators(const OnnxNode& node, OnnxRow row, const OnnxShape& result, DType dtype, Coverage& coverage)
      : node_(node), row_(row), result_(result), dtype_(dtype), coverage_(coverage) {}

  std::vector<OnnxOperator> build() const {
    switch (row_.role) {
      case OnnxRole::product:
        return {product()};
      case OnnxRole::packed:
        return {packed()};
      case OnnxRole::conv:
        return {convolution()};
      case OnnxRole::one:
        return {vector(result_, {0})};
      case OnnxRole::two:
        if (node_.inputs() <= 1) return {vector(OperatorKind::kv_append, result_, {0})};
        // Of more, one after the other.
        return std::vector<OnnxOperator>(node_.inputs() - 1, two());
      case OnnxRole::rows:
        return {vector(node_.shape(0), {0})};
      case OnnxRole::norm:
        return {vector(node_.shape(0), {0, 1})};
      case OnnxRole::skip_norm:
        return skip_norm();
      case OnnxRole::attention:
        return attention();
      case OnnxRole::move:
        return {move()};
      case OnnxRole::reduce:
        coverage_.assume("reductions write as much as they read");
        return {vector(node_.shape(0), {0})};
      case OnnxRole::lookup:
      case OnnxRole::quantize:
        return {vector(result_, {0})};
      case OnnxRole::view:
        break;
    }
    return {};
  }

 private:
  const OnnxNode& node_;
  const OnnxRow row_;
  const OnnxShape& result_;
  const DType dtype_;
  Coverage& coverage_;

  OnnxOperator made(Operator op, std::vector<int> inputs) const {
    OnnxOperator made{std::move(op), std::move(inputs), {}};
    made.inputs.resize(made.op.inputs.size(), -1);
    made.outputs.assign(made.op.outputs.size(), -1);
    made.outputs.back() = 0;
    return made;
  }
  OnnxOperator vector(const OnnxShape& shape, std::vector<int> inputs) const {
    return vector(row_.kind, shape, std::move(inputs));
  }
  OnnxOperator vector(OperatorKind kind, const OnnxShape& shape, std::vector<int> inputs) const {
    const std::uint64_t all = elements_of(shape);
    if (all == 0) node_.fail("an extent is 0");
    const std::uint64_t cols = shape.empty() ? 1 : shape.back();
    return made(standalone(kind, VectorShape{all / cols, cols}, dtype_), std::move(inputs));
  }
  OnnxOperator two() const {
    const std::uint64_t all = elements_of(result_);
    for (const int other : {1, 0}) {
      if (node_.has(static_cast<std::size_t>(other)) &&
          elements_of(node_.shape(static_cast<std::size_t>(other))) == all)
        continue;
      coverage_.assume(
          "operands that are broadcast (biases, gains, masks) stay on chip: their bytes are not counted");
      return vector(OperatorKind::kv_append, result_, {1 - other});
    }
    return vector(result_, {0, 1});
  }
  OnnxOperator move() const {
    coverage_.assume("transposes, slices, splits and concatenations copy what they give");
    std::uint64_t all = elements_of(result_);
    if (node_.op() == "Split") all = elements_of(node_.shape(0));
    return vector(row_.kind, {all}, {});
  }
  OnnxOperator product() const {
    const OnnxShape& a = node_.shape(0);
    const OnnxShape& b = node_.shape(1);
    const bool swapped = node_.op() == "Gemm" && node_.attribute("transA", 0) != 0;
    const std::uint64_t k = swapped ? a[0] : a.back();
    const std::uint64_t n = b.size() == 1                                               ? 1
                            : node_.op() == "Gemm" && node_.attribute("transB", 0) != 0 ? b[0]
                                                                                        : b.back();
    const std::uint64_t rows = elements_of(result_) / n;
    // One matrix for all batches is a product of all their rows.
    std::uint64_t batches = 1;
    for (std::size_t i = 0; i + 2 < b.size(); ++i) batches = checked_product({batches, b[i]});
    if (batches > 1) batches = elements_of(result_) / n / (a.size() == 1 ? 1 : a[a.size() - 2]);
    OnnxOperator product = made(standalone_matmul({batches, rows / batches, n, k}, dtype_), {0, 1});
    if (!node_.in(1).constant) product.op.inputs[1].kind = TensorKind::activation;
    return product;
  }
  OnnxOperator packed() const {
    const auto bits = node_.attribute("bits", 4);
    if (bits != 4 && bits != 8) node_.fail(fmt::format("weights of {} bits; of 4 and 8 are run", bits));
    const OnnxShape& rows = node_.shape(0);
    if (rows.empty() || result_.empty()) node_.fail("a number is no matrix");
    const std::uint64_t n = result_.back();
    const std::uint64_t k = rows.back();
    const auto block =
        static_cast<std::uint32_t>(std::clamp<std::int64_t>(node_.attribute("block_size", 32), 1, 1 << 16));
    OnnxOperator product =
        made(standalone_matmul({1, elements_of(result_) / n, n, k}, bits == 4 ? DType::w4a16 : DType::w8a16),
             {0, 1});
    // A scale of 16 bits a block, and a zero point where there are such.
    const auto each =
        static_cast<std::uint32_t>(bits) * block + 16 + (node_.has(3) ? static_cast<std::uint32_t>(bits) : 0);
    product.op.inputs[1].format.bits = ElementBits::shared(each, block);
    return product;
  }
  OnnxOperator convolution() const {
    const std::uint64_t channels = node_.extent(1, 0);
    if (channels == 0) node_.fail("a filter of no channels");
    const OnnxShape& w = node_.shape(1);
    const OnnxShape filter(w.begin() + 1, w.end());
    coverage_.assume("convolutions are products, laid out by im2col");
    return made(
        standalone_matmul({1, elements_of(result_) / channels, channels, elements_of(filter)}, dtype_),
        {-1, 1});
  }
  std::vector<OnnxOperator> skip_norm() const {
    const OnnxShape& x = node_.shape(0);
    if (row_.kind == OperatorKind::add_rmsnorm) {
      OnnxOperator norm = vector(x, {0, 1, 2});
      if (node_.outputs() > 3) norm.outputs.front() = 3;
      return {norm};
    }
    OnnxOperator sum = vector(OperatorKind::add, x, {0, 1});
    sum.outputs.back() = node_.outputs() > 3 ? 3 : -1;
    const OnnxOperator norm = vector(x, {OnnxOperator::kFromBefore, 2});
    return {sum, norm};
  }

  // Queries [batch, tokens, heads x elements] or [batch, heads, tokens, elements]; keys and values alike.
  std::vector<OnnxOperator> attention() const {
    const bool grouped = node_.op() == "GroupQueryAttention";
    const bool projects = node_.op() == "Attention" && node_.known(1) && node_.shape(1).size() == 2;
    OnnxShape q = node_.shape(0);
    const bool together = q.size() == 5;  // [batch, tokens, heads, 3, elements]
    if (together) q = {q[0], q[1], checked_product({q[2], q[3], q[4]})};
    const char* heads_name = node_.op() == "Attention" && !projects ? "q_num_heads" : "num_heads";
    const bool by_heads = q.size() == 4;
    if (q.size() != 3 && !by_heads) node_.fail("queries of 3 or 4 dimensions are expected");
    AttentionShape s;
    s.batch = q[0];
    s.q = q[by_heads ? 2 : 1];
    s.heads = by_heads ? q[1] : whole(heads_name, 0);
    if (s.heads == 0) node_.fail("how many heads there are is not said");
    std::vector<OnnxOperator> all;
    std::uint64_t width = by_heads ? checked_product({q[1], q[3]}) : q[2];
    if (projects) {
      const OnnxShape& weight = node_.shape(1);
      width = weight[1] / 3;
      if (weight[0] != q[2]) node_.fail(fmt::format("{} columns do not multiply {} rows", q[2], weight[0]));
      all.push_back(
          made(standalone_matmul({1, checked_product({q[0], q[1]}), weight[1], weight[0]}, dtype_), {0, 1}));
      all.back().outputs.back() = -1;
    }
    const bool packed_keys = !projects && !(node_.known(1) && node_.known(2));
    s.kv_heads = projects ? s.heads : whole("kv_num_heads", s.heads);
    if (by_heads && node_.known(1)) s.kv_heads = node_.extent(1, 1);
    if (s.kv_heads == 0 || s.heads % s.kv_heads != 0)
      node_.fail("heads of keys do not divide those of queries");
    // One tensor of queries, keys and values.
    s.head_dim = packed_keys ? width / (s.heads + 2 * s.kv_heads) : width / s.heads;
    if (s.head_dim == 0) node_.fail("heads of no elements");
    const std::size_t past = grouped ? 3 : node_.op() == "MultiHeadAttention" ? 6 : 4;
    std::uint64_t before = 0;
    if (node_.known(past) && node_.shape(past).size() == 4) before = node_.shape(past)[2];
    // One tensor of keys and values: [2, batch, heads, tokens, elements].
    if (node_.known(past) && node_.shape(past).size() == 5) before = node_.shape(past)[3];
    std::uint64_t fresh = s.q;
    if (!projects && !packed_keys) fresh = node_.extent(1, node_.shape(1).size() == 4 ? 2 : 1);
    s.kv = checked_sum(before, fresh);
    s.causal =
        (grouped || node_.attribute("unidirectional", 0) != 0 || node_.attribute("is_causal", 0) != 0) &&
        s.q > 1 && s.q <= s.kv;
    OnnxOperator attends = made(standalone_attention(s, dtype_), {projects      ? OnnxOperator::kFromBefore
                                                                  : packed_keys ? -1
                                                                                : 0,
                                                                  -1, -1});
    all.push_back(std::move(attends));
    return all;
  }
  std::uint64_t whole(const char* name, std::uint64_t otherwise) const {
    const std::int64_t value = node_.attribute(name, static_cast<std::int64_t>(otherwise));
    if (value < 0) node_.fail(fmt::format("{} is {}", name, value));
    return static_cast<std::uint64_t>(value);
  }
};

}  // namespace

std::vector<OnnxOperator> onnx_operators(const OnnxNode& node, const std::vector<OnnxValue>& outputs,
                                         const ImportOptions& options, Coverage& coverage) {
  const OnnxRow* row = node.ours() ? row_of_node(node.op()) : nullptr;
  const std::int32_t type = outputs.empty() ? 0 : outputs[0].type;
  const auto stated = onnx_dtype(type);
  const bool works_on_whole =
      row != nullptr && (row->role == OnnxRole::quantize || node.op() == "MatMulInteger");
  if (is_whole(type) && !works_on_whole && (row != nullptr || is_bookkeeping(node.op()))) {
    coverage.ignore(node.op() + " of whole numbers", "shapes, positions and masks");
    return {};
  }
  if (type != 0 && !stated && !is_whole(type)) {
    coverage.refuse(node.op(), "in a number format that Orrery does not have");
    return {};
  }
  if (row == nullptr) {
    coverage.refuse(node.full_name(), "an operator that Orrery does not know");
    return {};
  }
  if (row->role == OnnxRole::view) {
    coverage.ignore(node.op(), "the same data, or none");
    return {};
  }
  if (!outputs.empty() && outputs[0].constant) {
    coverage.ignore(node.op() + " of constants", "done once, before the model runs");
    return {};
  }
  if (outputs.empty() || !outputs[0].shape)
    throw ShapeUnknown{"the shape of its result does not follow from the file"};
  if (elements_of(*outputs[0].shape) == 0 ||
      (row->role == OnnxRole::reduce && node.known(0) && elements_of(node.shape(0)) == 0)) {
    coverage.ignore(node.op() + " of nothing", "an extent is 0");
    return {};
  }
  if (node.op() == "Conv" && node.attribute("group", 1) != 1) {
    coverage.refuse("Conv in groups", "convolutions of groups of channels");
    return {};
  }
  const DType dtype = works_on_whole  ? DType::int8
                      : options.dtype ? *options.dtype
                      : stated        ? *stated
                                      : options.unstated;
  const auto made = NodeOperators(node, *row, *outputs[0].shape, dtype, coverage).build();
  coverage.understand(
      fmt::format("{} as {}", node.op(), made.empty() ? "nothing" : to_string(made.back().op.kind)));
  return made;
}

}  // namespace orrery
