#include "sim/workload/formats/torch_operator.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <unordered_set>

#include "sim/util/checked.h"
#include "sim/util/errors.h"
#include "sim/workload/standalone_operator.h"

namespace orrery {
namespace {

using Dims = std::vector<std::uint64_t>;

// What a name is to us.
enum class Role : std::uint8_t {
  product,     // of two matrices, the last two arguments of `operands`
  attention,   // of q, k and v
  rows,        // along the last extent of the first tensor
  one,         // element by element, of one tensor
  two,         // of two, as they are broadcast
  lookup,      // rows of a table
  join,        // of all tensors in one
  composite,   // made of others, which are recorded too
  view,        // the same data
  bookkeeping  // allocates, fills or looks at a number
};

struct TorchRow {
  const char* name;
  Role role;
  OperatorKind kind = OperatorKind::kinds;
  std::size_t first = 0;  // matrix among the arguments; of attention, is_causal
};

constexpr TorchRow kRows[] = {
    {"mm", Role::product, OperatorKind::matmul, 0},
    {"_scaled_mm", Role::product, OperatorKind::matmul, 0},
    {"addmm", Role::product, OperatorKind::matmul, 1},
    {"addmm_", Role::product, OperatorKind::matmul, 1},
    {"bmm", Role::product, OperatorKind::matmul, 0},
    {"baddbmm", Role::product, OperatorKind::matmul, 1},
    {"_scaled_dot_product_flash_attention", Role::attention, OperatorKind::attention, 4},
    {"_scaled_dot_product_efficient_attention", Role::attention, OperatorKind::attention, 6},
    {"_scaled_dot_product_cudnn_attention", Role::attention, OperatorKind::attention, 6},
    {"_softmax", Role::rows, OperatorKind::softmax},
    {"_log_softmax", Role::rows, OperatorKind::softmax},
    {"native_layer_norm", Role::rows, OperatorKind::layernorm},
    {"_fused_rms_norm", Role::rows, OperatorKind::rmsnorm},
    {"topk", Role::rows, OperatorKind::topk},
    {"mean", Role::rows, OperatorKind::topk},
    {"sum", Role::rows, OperatorKind::topk},
    {"amax", Role::rows, OperatorKind::topk},
    {"argmax", Role::rows, OperatorKind::topk},
    {"native_dropout", Role::one, OperatorKind::dropout},
    {"gelu", Role::one, OperatorKind::gelu},
    {"silu", Role::one, OperatorKind::gelu},
    {"silu_", Role::one, OperatorKind::gelu},
    {"sigmoid", Role::one, OperatorKind::gelu},
    {"tanh", Role::one, OperatorKind::gelu},
    {"exp", Role::one, OperatorKind::gelu},
    {"cos", Role::one, OperatorKind::gelu},
    {"sin", Role::one, OperatorKind::gelu},
    {"relu", Role::one, OperatorKind::kv_append},
    {"relu_", Role::one, OperatorKind::kv_append},
    {"neg", Role::one, OperatorKind::kv_append},
    {"pow", Role::one, OperatorKind::kv_append},
    {"rsqrt", Role::one, OperatorKind::kv_append},
    {"copy_", Role::one, OperatorKind::kv_append},
    {"masked_fill_", Role::one, OperatorKind::kv_append},
    {"add", Role::two, OperatorKind::add},
    {"add_", Role::two, OperatorKind::add},
    {"sub", Role::two, OperatorKind::add},
    {"mul", Role::two, OperatorKind::mul},
    {"mul_", Role::two, OperatorKind::mul},
    {"div", Role::two, OperatorKind::mul},
    {"div_", Role::two, OperatorKind::mul},
    {"embedding", Role::lookup, OperatorKind::embedding},
    {"index_select", Role::lookup, OperatorKind::embedding},
    {"cat", Role::join, OperatorKind::kv_append},
    {"linear", Role::composite},
    {"matmul", Role::composite},
    {"einsum", Role::composite},
    {"layer_norm", Role::composite},
    {"rms_norm", Role::composite},
    {"softmax", Role::composite},
    {"log_softmax", Role::composite},
    {"dropout", Role::composite},
    {"scaled_dot_product_attention", Role::composite},
    {"_flash_attention_forward", Role::composite},
    {"_efficient_attention_forward", Role::composite},
    {"_cudnn_attention_forward", Role::composite},
    {"contiguous", Role::composite},
    {"clone", Role::composite},
    {"to", Role::composite},
    {"_to_copy", Role::composite},
    {"repeat_interleave", Role::composite},
    {"flatten", Role::view},
    {"view", Role::view},
    {"_unsafe_view", Role::view},
    {"reshape", Role::view},
    {"_reshape_alias", Role::view},
    {"t", Role::view},
    {"transpose", Role::view},
    {"permute", Role::view},
    {"expand", Role::view},
    {"expand_as", Role::view},
    {"unsqueeze", Role::view},
    {"squeeze", Role::view},
    {"slice", Role::view},
    {"select", Role::view},
    {"narrow", Role::view},
    {"split", Role::view},
    {"split_with_sizes", Role::view},
    {"chunk", Role::view},
    {"unbind", Role::view},
    {"as_strided", Role::view},
    {"detach", Role::view},
    {"alias", Role::view},
    {"lift_fresh", Role::view},
    {"resolve_conj", Role::view},
    {"resolve_neg", Role::view},
    {"empty", Role::bookkeeping},
    {"empty_like", Role::bookkeeping},
    {"empty_strided", Role::bookkeeping},
    {"zeros", Role::bookkeeping},
    {"ones", Role::bookkeeping},
    {"full", Role::bookkeeping},
    {"arange", Role::bookkeeping},
    {"zero_", Role::bookkeeping},
    {"fill_", Role::bookkeeping},
    {"item", Role::bookkeeping},
    {"_local_scalar_dense", Role::bookkeeping},
    {"is_nonzero", Role::bookkeeping},
    {"resize_", Role::bookkeeping},
};

// Names that stand around operators.
constexpr const char* kFrames[] = {"autograd::", "c10d::", "torch::", "profiler::"};

const TorchRow* row_of(const std::string& name) {
  static const auto index = [] {
    std::unordered_map<std::string, const TorchRow*> rows;
    for (const TorchRow& row : kRows) rows[std::string("aten::") + row.name] = &row;
    return rows;
  }();
  const auto found = index.find(name);
  return found == index.end() ? nullptr : found->second;
}

std::uint64_t product(const Dims& dims, std::size_t begin, std::size_t end) {
  std::uint64_t all = 1;
  for (std::size_t i = begin; i < end; ++i) all = checked_product({all, dims[i]});
  return all;
}
std::uint64_t elements(const Dims& dims) {
  return product(dims, 0, dims.size());
}

std::string words(const Dims& dims) {
  return fmt::format("[{}]", fmt::join(dims, ", "));
}

bool is_whole_type(const std::string& type) {
  for (const char* name : {"long", "int", "bool", "char", "short", "Long", "Int", "Bool", "Byte", "Short"}) {
    if (type.find(name) != std::string::npos) return true;
  }
  return false;
}

// The shapes of an operator out of those of a call.
class Shaped {
 public:
  Shaped(const TorchCall& call, const TorchRow& row, DType dtype, Coverage& coverage)
      : call_(call), row_(row), dtype_(dtype), coverage_(coverage) {}

  Operator build() const {
    switch (row_.role) {
      case Role::product:
        return product_of_two();
      case Role::attention:
        return attention();
      case Role::rows: {
        const Dims& x = tensor(0);
        return vector(elements(x) / x.back(), x.back());
      }
      case Role::one: {
        const auto full = std::find_if(call_.dims.begin(), call_.dims.end(),
                                       [](const Dims& dims) { return !dims.empty(); });
        const Dims& x = tensor(static_cast<std::size_t>(full - call_.dims.begin()));
        return vector(elements(x) / x.back(), x.back());
      }
      case Role::two:
        return two();
      case Role::lookup: {
        const Dims& table = tensor(0);
        const Dims& indices = tensor(call_.dims.size() > 1 ? last_tensor() : 1);
        return vector(elements(indices), table.back());
      }
      case Role::join: {
        std::uint64_t all = 0;
        for (const Dims& part : call_.dims) all += part.empty() ? 0 : elements(part);
        return vector(1, all);
      }
      case Role::composite:
      case Role::view:
      case Role::bookkeeping:
        break;
    }
    fail("no operator");
  }

 private:
  const TorchCall& call_;
  const TorchRow& row_;
  const DType dtype_;
  Coverage& coverage_;

  [[noreturn]] void fail(const std::string& why) const {
    std::string shapes;
    for (const Dims& dims : call_.dims) shapes += (shapes.empty() ? "" : ", ") + words(dims);
    throw ConfigError("", call_.name + " of " + shapes + ": " + why);
  }
  const Dims& tensor(std::size_t n) const {
    if (n >= call_.dims.size() || call_.dims[n].empty() || elements(call_.dims[n]) == 0)
      fail("argument " + std::to_string(n) + " has no shape");
    return call_.dims[n];
  }
  std::size_t last_tensor() const {
    for (std::size_t n = call_.dims.size(); n-- > 1;) {
      if (!call_.dims[n].empty()) return n;
    }
    return 1;
  }
  Operator vector(std::uint64_t rows, std::uint64_t cols) const {
    return standalone(row_.kind, VectorShape{rows, cols}, dtype_);
  }
  Operator product_of_two() const {
    const Dims& a = tensor(row_.first);
    const Dims& b = tensor(row_.first + 1);
    if (a.size() != b.size() || a.size() < 2 || a.size() > 3)
      fail("two matrices, or two batches of such, are multiplied");
    const bool batches = a.size() == 3;
    const std::size_t at = batches ? 1 : 0;
    if (batches && a[0] != b[0]) fail(fmt::format("batches of {} and of {}", a[0], b[0]));
    if (a[at + 1] != b[at]) fail(fmt::format("{} columns do not multiply {} rows", a[at + 1], b[at]));
    Operator op = standalone_matmul({batches ? a[0] : 1, a[at], b[at + 1], b[at]}, dtype_);
    op.inputs[1].kind = TensorKind::activation;  // whose it is, is not said
    return op;
  }
  Operator attention() const {
    const Dims& q = tensor(0);
    const Dims& k = tensor(1);
    const Dims& v = tensor(2);
    if (q.size() != 4 || k.size() != 4 || v.size() != 4)
      fail("queries, keys and values are [batch, heads, tokens, elements]");
    if (q[0] != k[0] || k[0] != v[0] || q[3] != k[3] || k[1] != v[1] || k[2] != v[2] || q[1] % k[1] != 0)
      fail("queries, keys and values do not fit each other");
    AttentionShape shape{q[0], q[1], k[1], q[3], q[2], k[2]};
    if (v[3] != k[3]) shape.value_dim = v[3];
    shape.causal = causal() && q[2] > 1 && q[2] <= k[2];
    return standalone_attention(shape, dtype_);
  }
  bool causal() const {
    if (row_.first >= call_.values.size() || call_.values[row_.first].empty()) {
      coverage_.assume("attention whose is_causal was not recorded sees all positions");
      return false;
    }
    return call_.values[row_.first] == "True" || call_.values[row_.first] == "true";
  }
  Operator two() const {
    static const Dims kNumber;
    const Dims& a = call_.dims[0];
    const Dims& b = call_.dims.size() > 1 ? call_.dims[1] : kNumber;
    Dims all(std::max(a.size(), b.size()), 1);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto extent = [i](const Dims& of) { return i < of.size() ? of[of.size() - 1 - i] : 1; };
      if (extent(a) != extent(b) && extent(a) != 1 && extent(b) != 1) fail("the shapes cannot be broadcast");
      all[all.size() - 1 - i] = extent(a) == 1 ? extent(b) : extent(a);
    }
    const std::uint64_t result = elements(all);
    if (result == 0) fail("an extent is 0");
    const std::uint64_t cols = all.empty() ? 1 : all.back();
    if (elements(a) == result && elements(b) == result) return vector(result / cols, cols);
    if (!a.empty() && !b.empty())
      coverage_.assume(
          "operands that are broadcast (biases, gains, masks) stay on chip: their bytes are not counted");
    return standalone(OperatorKind::kv_append, VectorShape{result / cols, cols}, dtype_);
  }
};

}  // namespace

bool is_torch(const std::string& name) {
  // "aten::mm"; not "void at::native::kernel<float>(...)".
  const std::size_t colons = name.find("::");
  return colons != std::string::npos && colons > 0 && name.find_first_of("<( ") > colons;
}

bool is_frame(const std::string& name) {
  return std::any_of(std::begin(kFrames), std::end(kFrames),
                     [&name](const char* with) { return name.rfind(with, 0) == 0; });
}

bool is_composite(const std::string& name) {
  static const std::unordered_set<std::string> kNames = {
      "aten::linear",   "aten::matmul",  "aten::einsum",      "aten::layer_norm",
      "aten::rms_norm", "aten::softmax", "aten::log_softmax", "aten::scaled_dot_product_attention"};
  return kNames.count(name) > 0;
}

std::vector<std::vector<std::uint64_t>> torch_shapes(
    const nlohmann::json& list, const std::function<void(const nlohmann::json&)>& refuse) {
  std::vector<std::vector<std::uint64_t>> all;
  const auto add = [&](const nlohmann::json& argument) {
    all.emplace_back();
    for (const auto& extent : argument) {
      if (!extent.is_number_unsigned()) refuse(extent);
      all.back().push_back(extent.get<std::uint64_t>());
    }
  };
  for (const auto& argument : list) {
    if (!argument.is_array()) {
      all.emplace_back();
    } else if (!argument.empty() && argument[0].is_array()) {
      for (const auto& each : argument) add(each);
    } else {
      add(argument);
    }
  }
  return all;
}

std::vector<std::string> torch_texts(const nlohmann::json& list) {
  std::vector<std::string> all;
  if (!list.is_array()) return all;
  for (const auto& value : list) all.push_back(value.is_string() ? value.get<std::string>() : value.dump());
  return all;
}

std::optional<DType> torch_dtype(const std::string& type) {
  static const std::pair<const char*, DType> kTypes[] = {
      {"BFloat16", DType::bf16}, {"bfloat16", DType::bf16},    {"Float8", DType::fp8},
      {"float8", DType::fp8},    {"Half", DType::fp16},        {"float16", DType::fp16},
      {"half", DType::fp16},     {"signed char", DType::int8}, {"Char", DType::int8},
      {"int8", DType::int8},     {"float", DType::fp32},       {"Float", DType::fp32}};
  for (const auto& [name, dtype] : kTypes) {
    if (type.find(name) != std::string::npos) return dtype;
  }
  return std::nullopt;
}

std::optional<Operator> torch_operator(const TorchCall& call, const ImportOptions& options,
                                       Coverage& coverage) {
  std::optional<DType> dtype = options.dtype;
  if (is_frame(call.name)) {
    coverage.ignore(call.name.substr(0, call.name.find(':')) + " frame", "stands around operators");
    return std::nullopt;
  }
  const TorchRow* row = row_of(call.name);
  if (row == nullptr) {
    coverage.refuse(call.name, "an operator that Orrery does not know");
    return std::nullopt;
  }
  switch (row->role) {
    case Role::composite:
      coverage.ignore(call.name, "made of others, which are counted");
      return std::nullopt;
    case Role::view:
      coverage.ignore(call.name, "the same data, seen in another shape");
      return std::nullopt;
    case Role::bookkeeping:
      coverage.ignore(call.name, "allocates or fills");
      return std::nullopt;
    case Role::product:
    case Role::attention:
    case Role::rows:
    case Role::one:
    case Role::two:
    case Role::lookup:
    case Role::join:
      break;
  }
  if (call.dims.empty()) {
    coverage.refuse(call.name, "its shapes were not recorded (record_shapes=True)");
    return std::nullopt;
  }
  if (std::all_of(call.dims.begin(), call.dims.end(), [](const Dims& dims) { return dims.empty(); })) {
    coverage.ignore(call.name + " of numbers", "no tensor of more than one");
    return std::nullopt;
  }
  bool whole = false;  // numbers, of positions and masks
  bool lists = false;
  if (!dtype) {
    for (const std::string& type : call.types) {
      if (!dtype) dtype = torch_dtype(type);
      whole = whole || is_whole_type(type);
      lists = lists || type.find("TensorList") != std::string::npos;
    }
  }
  if (!dtype && lists) {
    coverage.assume(fmt::format("tensors in lists are of {}", to_string(options.unstated)));
    dtype = options.unstated;
  }
  if (!dtype && whole) {
    coverage.ignore(call.name + " of whole numbers", "shapes, positions and masks");
    return std::nullopt;
  }
  if (!dtype) {
    coverage.refuse(call.name, "its number format is none of Orrery's; --dtype says one");
    return std::nullopt;
  }
  Operator op = Shaped(call, *row, *dtype, coverage).build();
  coverage.understand(fmt::format("{} as {}", call.name, to_string(op.kind)));
  return op;
}

}  // namespace orrery
