#include "sim/workload/formats/onnx_shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <unordered_map>

#include "sim/util/checked.h"
#include "sim/util/units.h"
#include "sim/workload/formats/onnx_views.h"

namespace orrery {
namespace {

constexpr std::int32_t kWhole = 7;  // int64
constexpr std::int32_t kTruth = 9;  // bool

using Numbers = OnnxNumbers;

// Whole numbers in a shape of their own.
OnnxValue of_numbers(OnnxShape shape, Numbers numbers) {
  OnnxValue out;
  out.type = kWhole;
  out.shape = std::move(shape);
  if (numbers.size() <= kMostFolded) out.numbers = std::move(numbers);
  return out;
}

OnnxValue elementwise(const OnnxNode& node) {
  OnnxShape shape = node.shape(0);
  for (std::size_t i = 1; i < node.inputs(); ++i) shape = broadcast(node, shape, node.shape(i));
  OnnxValue out = of_shape(node, shape);
  static const std::unordered_map<std::string, std::function<std::int64_t(std::int64_t, std::int64_t)>>
      kFold = {
          {"Add",
           [](auto a, auto b) {
             return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
           }},
          {"Sub",
           [](auto a, auto b) {
             return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
           }},
          {"Mul",
           [](auto a, auto b) {
             return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
           }},
          {"Div", [](auto a, auto b) { return b > 0 ? a / b : 0; }},  // of extents
          {"Equal", [](auto a, auto b) { return std::int64_t{a == b}; }}};
  const auto fold = kFold.find(node.op());
  const Numbers* a = node.numbers(0);
  const Numbers* b = node.numbers(1);
  if (fold == kFold.end() || a == nullptr || b == nullptr || a->empty() || b->empty()) return out;
  if (shape.size() > 1 || (a->size() != b->size() && a->size() != 1 && b->size() != 1)) return out;
  Numbers numbers;
  for (std::size_t i = 0; i < std::max(a->size(), b->size()); ++i)
    numbers.push_back(fold->second((*a)[a->size() == 1 ? 0 : i], (*b)[b->size() == 1 ? 0 : i]));
  out.numbers = std::move(numbers);
  return out;
}

OnnxValue where(const OnnxNode& node) {
  const OnnxShape shape = broadcast(node, broadcast(node, node.shape(0), node.shape(1)), node.shape(2));
  OnnxValue out = of_shape(node, shape, 1);
  const Numbers* chosen[3] = {node.numbers(0), node.numbers(1), node.numbers(2)};
  if (std::any_of(std::begin(chosen), std::end(chosen),
                  [](const Numbers* n) { return n == nullptr || n->empty(); }))
    return out;
  Numbers numbers;
  std::size_t most = 0;
  for (const Numbers* n : chosen) most = std::max(most, n->size());
  const auto at = [](const Numbers& n, std::size_t i) { return n[std::min(i, n.size() - 1)]; };
  for (std::size_t i = 0; i < most; ++i)
    numbers.push_back(at(*chosen[0], i) != 0 ? at(*chosen[1], i) : at(*chosen[2], i));
  out.numbers = std::move(numbers);
  return out;
}

OnnxValue matmul(const OnnxNode& node) {
  OnnxShape a = node.shape(0);
  OnnxShape b = node.shape(1);
  if (a.empty() || b.empty()) node.fail("a number is no matrix");
  const bool row = a.size() == 1;
  const bool column = b.size() == 1;
  if (row) a.insert(a.begin(), 1);
  if (column) b.push_back(1);
  if (a.back() != b[b.size() - 2])
    node.fail(fmt::format("{} columns do not multiply {} rows", a.back(), b[b.size() - 2]));
  OnnxShape out = broadcast(node, {a.begin(), a.end() - 2}, {b.begin(), b.end() - 2});
  if (!row) out.push_back(a[a.size() - 2]);
  if (!column) out.push_back(b.back());
  return of_shape(node, out);
}

OnnxValue gemm(const OnnxNode& node) {
  const OnnxShape& a = node.shape(0);
  const OnnxShape& b = node.shape(1);
  if (a.size() != 2 || b.size() != 2) node.fail("two matrices are multiplied");
  const bool ta = node.attribute("transA", 0) != 0;
  const bool tb = node.attribute("transB", 0) != 0;
  if (a[ta ? 0 : 1] != b[tb ? 1 : 0])
    node.fail(fmt::format("{} columns do not multiply {} rows", a[ta ? 0 : 1], b[tb ? 1 : 0]));
  return of_shape(node, {a[ta ? 1 : 0], b[tb ? 0 : 1]});
}

OnnxValue reduce(const OnnxNode& node) {
  const auto axes = axes_of(node, 1);
  if (!axes) node.unknown("its axes do not follow from the file");
  const OnnxShape& from = node.shape(0);
  const bool keep = node.attribute("keepdims", 1) != 0;
  std::vector<bool> gone(from.size(), axes->empty());
  for (const std::int64_t axis : *axes) gone[node.axis(axis, from.size())] = true;
  OnnxShape shape;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (!gone[i]) shape.push_back(from[i]);
    if (gone[i] && keep) shape.push_back(1);
  }
  return of_shape(node, shape);
}

OnnxValue shaped_by_numbers(const OnnxNode& node, std::size_t input, bool broadcasts) {
  const Numbers* extents = node.numbers(input);
  if (extents == nullptr) node.unknown("the shape it makes does not follow from the file");
  OnnxShape shape;
  for (const std::int64_t extent : *extents) shape.push_back(positive(node, extent));
  return of_shape(node, broadcasts ? broadcast(node, node.shape(0), shape) : shape);
}

OnnxValue range(const OnnxNode& node) {
  const Numbers* begin = node.numbers(0);
  const Numbers* end = node.numbers(1);
  const Numbers* step = node.numbers(2);
  if (begin == nullptr || end == nullptr || step == nullptr || begin->size() != 1 || end->size() != 1 ||
      step->size() != 1 || (*step)[0] <= 0)
    node.unknown("its length does not follow from the file");
  for (const Numbers* number : {begin, end, step}) {
    if (number->front() < -kLargestExtent || number->front() > kLargestExtent)
      node.fail(fmt::format("a range by {}", number->front()));
  }
  const std::int64_t n = std::max<std::int64_t>(0, ((*end)[0] - (*begin)[0] + (*step)[0] - 1) / (*step)[0]);
  return of_shape(node, {static_cast<std::uint64_t>(n)});
}

OnnxValue of_constant(const OnnxNode& node) {
  if (const onnx::AttributeProto* tensor = node.find("value")) return value_of(tensor->t());
  if (node.find("value_int") != nullptr) return of_numbers({}, {node.attribute("value_int", 0)});
  const Numbers list = node.list("value_ints");
  if (!list.empty()) return of_numbers({list.size()}, list);
  OnnxValue number;
  number.type = 1;
  number.shape.emplace();
  return number;
}

// [batch, channels, ...] by filters of [channels out, channels in, ...].
OnnxValue convolution(const OnnxNode& node) {
  const OnnxShape& x = node.shape(0);
  const OnnxShape& w = node.shape(1);
  if (x.size() < 3 || x.size() != w.size())
    node.fail("an image and a filter of as many dimensions are expected");
  const auto group = positive(node, node.attribute("group", 1));
  if (x[1] != checked_product({w[1], group}))
    node.fail(fmt::format("{} channels and filters of {}", x[1], w[1] * group));
  const Numbers strides = node.list("strides");
  const Numbers pads = node.list("pads");
  const Numbers dilations = node.list("dilations");
  const std::size_t dims = x.size() - 2;
  const auto* padding = node.find("auto_pad");
  const bool same_size = padding != nullptr && padding->s().rfind("SAME", 0) == 0;
  OnnxShape shape = {x[0], w[0]};
  const auto at = [&node](const Numbers& list, std::size_t i, std::int64_t otherwise) {
    const std::int64_t value = i < list.size() ? list[i] : otherwise;
    constexpr std::int64_t kMost = 1 << 20;
    if (value < 0 || value > kMost) node.fail(fmt::format("a stride, dilation or padding of {}", value));
    return static_cast<std::uint64_t>(value);
  };
  for (std::size_t i = 0; i < dims; ++i) {
    const std::uint64_t stride = std::max<std::uint64_t>(1, at(strides, i, 1));
    const std::uint64_t reach = at(dilations, i, 1) * (std::max<std::uint64_t>(1, w[i + 2]) - 1) + 1;
    const std::uint64_t padded = x[i + 2] + at(pads, i, 0) + at(pads, i + dims, 0);
    if (!same_size && padded < reach)
      node.fail(fmt::format("a filter of {} on an input of {}", reach, padded));
    shape.push_back(same_size ? ceil_div(x[i + 2], stride) : (padded - reach) / stride + 1);
  }
  return of_shape(node, shape);
}

// A shape of attention in which heads are columns: that of the queries, with the values' columns.
std::vector<OnnxValue> attention(const OnnxNode& node) {
  std::vector<OnnxValue> out(std::max<std::size_t>(1, node.outputs()));
  out[0] = like(node, 0);
  if (node.op() == "Attention" && node.known(0) && node.shape(0).size() == 3 && node.known(1) &&
      node.shape(1).size() == 2)
    out[0].shape->back() = node.shape(1)[1] / 3;  // projected here
  // Queries, keys and values in one tensor.
  const auto heads = static_cast<std::uint64_t>(std::max<std::int64_t>(0, node.attribute("num_heads", 0)));
  const auto keys = static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, node.attribute("kv_num_heads", node.attribute("num_heads", 0))));
  if (node.known(0) && node.op() != "Attention" && !node.known(1)) {
    const OnnxShape& q = node.shape(0);
    if (q.size() == 5) out[0].shape = OnnxShape{q[0], q[1], checked_product({q[2], q[4]})};
    if (q.size() == 3 && heads + 2 * keys > 0)
      out[0].shape = OnnxShape{q[0], q[1], q[2] / (heads + 2 * keys) * heads};
  }
  // Keys and values with those of before.
  const std::size_t past = node.op() == "GroupQueryAttention" ? 3 : node.op() == "MultiHeadAttention" ? 6 : 4;
  for (std::size_t i = 1; i < out.size() && i < 3; ++i) {
    if (!node.known(past + i - 1) || !node.known(1)) continue;
    OnnxShape shape = node.shape(past + i - 1);
    if (shape.size() == 4 && node.shape(1).size() >= 3)
      shape[2] = checked_sum(shape[2], node.extent(1, node.shape(1).size() == 4 ? 2 : 1));
    out[i] = of_shape(node, shape);
  }
  return out;
}

using Rule = std::function<std::vector<OnnxValue>(const OnnxNode&)>;

Rule one(OnnxValue (*rule)(const OnnxNode&)) {
  return [rule](const OnnxNode& node) { return std::vector<OnnxValue>{rule(node)}; };
}
Rule same() {
  return [](const OnnxNode& node) {
    node.shape(0);
    return std::vector<OnnxValue>(std::max<std::size_t>(1, node.outputs()), like(node, 0));
  };
}

const std::unordered_map<std::string, Rule>& rules() {
  static const std::unordered_map<std::string, Rule> all = [] {
    std::unordered_map<std::string, Rule> r;
    for (const char* op : {"Relu",
                           "Neg",
                           "Sqrt",
                           "Reciprocal",
                           "Abs",
                           "Erf",
                           "Tanh",
                           "Sigmoid",
                           "Exp",
                           "Log",
                           "Cos",
                           "Sin",
                           "Gelu",
                           "FastGelu",
                           "BiasGelu",
                           "QuickGelu",
                           "Softplus",
                           "Clip",
                           "Softmax",
                           "LogSoftmax",
                           "LayerNormalization",
                           "SimplifiedLayerNormalization",
                           "RMSNormalization",
                           "SkipLayerNormalization",
                           "SkipSimplifiedLayerNormalization",
                           "RotaryEmbedding",
                           "Dropout",
                           "Trilu",
                           "CumSum",
                           "Not",
                           "ScatterND",
                           "Swish"})
      r[op] = same();
    r["Identity"] = [](const OnnxNode& node) { return std::vector<OnnxValue>{node.in(0)}; };
    for (const char* op : {"Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "PRelu", "Sum", "Mod"})
      r[op] = one(elementwise);
    for (const char* op : {"Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual", "And", "Or", "Xor"})
      r[op] = [](const OnnxNode& node) {
        OnnxValue out = elementwise(node);
        out.type = kTruth;
        return std::vector<OnnxValue>{out};
      };
    r["Where"] = one(where);
    r["MatMul"] = one(matmul);
    r["MatMulInteger"] = [](const OnnxNode& node) {
      OnnxValue out = matmul(node);
      out.type = 6;  // int32
      return std::vector<OnnxValue>{out};
    };
    r["MatMulNBits"] = [](const OnnxNode& node) {
      OnnxShape shape = node.shape(0);
      if (shape.empty() || shape.back() != positive(node, node.attribute("K", 0)))
        node.fail(fmt::format("{} columns do not multiply {} rows", shape.empty() ? 0 : shape.back(),
                              node.attribute("K", 0)));
      shape.back() = positive(node, node.attribute("N", 0));
      return std::vector<OnnxValue>{of_shape(node, shape)};
    };
    r["Gemm"] = one(gemm);
    r["Conv"] = one(convolution);
    r["DequantizeLinear"] = [](const OnnxNode& node) {
      OnnxValue out = of_shape(node, node.shape(0));
      out.type = node.has(1) ? node.in(1).type : 1;
      return std::vector<OnnxValue>{out};
    };
    r["Reshape"] = one(reshape);
    r["Squeeze"] = one(squeeze);
    r["Unsqueeze"] = one(unsqueeze);
    r["Transpose"] = one(transpose);
    r["Concat"] = one(concat);
    r["Gather"] = one(gather);
    r["Slice"] = one(slice);
    r["Split"] = split;
    for (const char* op : {"ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2"})
      r[op] = one(reduce);
    r["Expand"] = [](const OnnxNode& node) {
      return std::vector<OnnxValue>{shaped_by_numbers(node, 1, true)};
    };
    r["ConstantOfShape"] = [](const OnnxNode& node) {
      OnnxValue out = shaped_by_numbers(node, 0, false);
      const onnx::AttributeProto* filled = node.find("value");
      const OnnxValue value = filled == nullptr ? OnnxValue{} : value_of(filled->t());
      out.type = filled == nullptr ? 1 : value.type;
      const std::uint64_t n = elements_of(*out.shape);
      if (value.numbers && value.numbers->size() == 1 && n <= kMostFolded)
        out.numbers = Numbers(n, value.numbers->front());
      return std::vector<OnnxValue>{out};
    };
    r["Range"] = one(range);
    r["Constant"] = one(of_constant);
    r["Shape"] = [](const OnnxNode& node) {
      const OnnxShape& whole = node.shape(0);
      const auto rank = static_cast<std::int64_t>(whole.size());
      const auto place = [rank](std::int64_t at) {
        return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
      };
      const std::int64_t begin = place(node.attribute("start", 0));
      const std::int64_t end = std::max(begin, place(node.attribute("end", rank)));
      const OnnxShape shape(whole.begin() + begin, whole.begin() + end);
      return std::vector<OnnxValue>{of_numbers({shape.size()}, {shape.begin(), shape.end()})};
    };
    r["Size"] = [](const OnnxNode& node) {
      return std::vector<OnnxValue>{of_numbers({}, {static_cast<std::int64_t>(elements_of(node.shape(0)))})};
    };
    r["Cast"] = [](const OnnxNode& node) {
      OnnxValue out = node.in(0);
      out.constant = false;
      out.type = static_cast<std::int32_t>(node.attribute("to", out.type));
      return std::vector<OnnxValue>{out};
    };
    r["QuantizeLinear"] = [](const OnnxNode& node) {
      OnnxValue out = of_shape(node, node.shape(0));
      out.type = 3;  // int8
      return std::vector<OnnxValue>{out};
    };
    r["DynamicQuantizeLinear"] = [](const OnnxNode& node) {
      OnnxValue scale;
      scale.type = 1;
      scale.shape.emplace();
      OnnxValue zero = scale;
      zero.type = 2;
      OnnxValue out = of_shape(node, node.shape(0));
      out.type = 2;  // uint8
      return std::vector<OnnxValue>{out, scale, zero};
    };
    for (const char* op : {"Attention", "MultiHeadAttention", "GroupQueryAttention"}) r[op] = attention;
    return r;
  }();
  return all;
}

}  // namespace

std::uint64_t elements_of(const OnnxShape& shape) {
  std::uint64_t all = 1;
  for (const std::uint64_t extent : shape) all = checked_product({all, extent});
  return all;
}

OnnxShape broadcast(const OnnxNode& node, const OnnxShape& a, const OnnxShape& b) {
  OnnxShape all(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto extent = [i](const OnnxShape& of) { return i < of.size() ? of[of.size() - 1 - i] : 1; };
    if (extent(a) != extent(b) && extent(a) != 1 && extent(b) != 1)
      node.fail(fmt::format("[{}] and [{}] cannot be broadcast", fmt::join(a, ", "), fmt::join(b, ", ")));
    all[all.size() - 1 - i] = extent(a) == 1 ? extent(b) : extent(a);
  }
  return all;
}

std::vector<OnnxValue> infer_outputs(const OnnxNode& node) {
  const auto rule = rules().find(node.op());
  if (rule == rules().end() || !node.ours()) return {};
  std::vector<OnnxValue> outputs = rule->second(node);
  for (const OnnxValue& output : outputs) {
    if (!output.shape) continue;
    if (output.shape->size() > kMostDimensions)
      node.fail(fmt::format("a tensor of {} dimensions", output.shape->size()));
    for (const std::uint64_t extent : *output.shape) {
      if (extent > static_cast<std::uint64_t>(kLargestExtent))
        node.fail(fmt::format("an extent of {}", extent));
    }
  }
  return outputs;
}

}  // namespace orrery
