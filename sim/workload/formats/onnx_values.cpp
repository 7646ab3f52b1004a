#include "sim/workload/formats/onnx_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "sim/util/checked.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

constexpr std::int32_t kInt32 = 6;
constexpr std::int32_t kInt64 = 7;

std::uint64_t checked_extent(std::int64_t extent, const std::string& name) {
  if (extent >= 0 && extent <= kLargestExtent) return static_cast<std::uint64_t>(extent);
  throw ConfigError("tensor '" + name + "'", fmt::format("has the extent {}; expected 0 to 2^40", extent));
}

void check_rank(int dimensions, const std::string& name) {
  if (static_cast<std::size_t>(dimensions) > kMostDimensions)
    throw ConfigError("tensor '" + name + "'",
                      fmt::format("has {} dimensions; up to {} are expected", dimensions, kMostDimensions));
}

template <class T>
void take_raw(const std::string& raw, std::vector<std::int64_t>& numbers) {
  for (std::size_t at = 0; at + sizeof(T) <= raw.size(); at += sizeof(T)) {
    T value = 0;
    std::memcpy(&value, raw.data() + at, sizeof(T));
    numbers.push_back(value);
  }
}

}  // namespace

std::optional<DType> onnx_dtype(std::int32_t type) {
  switch (type) {
    case 1:
      return DType::fp32;
    case 10:
      return DType::fp16;
    case 16:
      return DType::bf16;
    case 17:
    case 18:
    case 19:
    case 20:
      return DType::fp8;
    default:
      return std::nullopt;
  }
}

std::uint64_t stored_bytes(const OnnxValue& value) {
  // Bits by TensorProto.DataType.
  static const std::unordered_map<std::int32_t, std::uint64_t> kBits = {
      {1, 32},  {2, 8},   {3, 8},   {4, 16}, {5, 16}, {6, 32}, {7, 64}, {9, 8},  {10, 16}, {11, 64},
      {12, 32}, {13, 64}, {16, 16}, {17, 8}, {18, 8}, {19, 8}, {20, 8}, {21, 4}, {22, 4},  {23, 4}};
  const auto bits = kBits.find(value.type);
  if (bits == kBits.end() || !value.shape) return 0;
  std::uint64_t elements = 1;
  for (const std::uint64_t extent : *value.shape) elements = checked_product({elements, extent});
  return (checked_product({elements, bits->second}) + 7) / 8;
}

std::optional<std::uint64_t> open_extent(const std::string& name, const ImportOptions& options) {
  // Other arithmetic is not done.
  if (name.find_first_of("*/()") != std::string::npos || name.find(" - ") != std::string::npos ||
      name.find(" x ") != std::string::npos)
    return std::nullopt;
  if (name.find('+') != std::string::npos) {
    std::uint64_t sum = 0;
    for (std::size_t at = 0; at <= name.size(); at = std::min(name.find('+', at), name.size()) + 1) {
      const auto part = open_extent(name.substr(at, name.find('+', at) - at), options);
      if (!part) return std::nullopt;
      sum += *part;
    }
    return sum;
  }
  const auto has = [&name](const char* word) { return name.find(word) != std::string::npos; };
  const std::size_t digit = name.find_first_of("0123456789");
  if (digit != std::string::npos && name.find_first_not_of(" 0123456789") == std::string::npos)
    return std::stoull(name.substr(digit, 12));
  if (has("batch")) return options.batch();
  if (has("total")) return options.past() + options.tokens();
  if (has("past")) return options.past();
  if (has("seq") || has("length") || has("tokens")) return options.tokens();
  return std::nullopt;
}

OnnxValue value_of(const onnx::TensorProto& tensor) {
  OnnxValue value;
  value.type = tensor.data_type();
  value.constant = true;
  value.shape.emplace();
  check_rank(tensor.dims_size(), tensor.name());
  std::uint64_t elements = 1;
  for (const std::int64_t extent : tensor.dims()) {
    value.shape->push_back(checked_extent(extent, tensor.name()));
    elements = std::min<std::uint64_t>(
        kMostFolded + 1, elements * std::min<std::uint64_t>(kMostFolded + 1, value.shape->back()));
  }
  if ((value.type != kInt32 && value.type != kInt64) || elements > kMostFolded) return value;
  std::vector<std::int64_t> numbers(tensor.int64_data().begin(), tensor.int64_data().end());
  numbers.insert(numbers.end(), tensor.int32_data().begin(), tensor.int32_data().end());
  if (numbers.empty() && value.type == kInt64) take_raw<std::int64_t>(tensor.raw_data(), numbers);
  if (numbers.empty() && value.type == kInt32) take_raw<std::int32_t>(tensor.raw_data(), numbers);
  if (numbers.size() == elements) value.numbers = std::move(numbers);
  return value;
}

OnnxValue value_of(const onnx::ValueInfoProto& info, const ImportOptions& options) {
  OnnxValue value;
  const onnx::TypeProto::Tensor& type = info.type().tensor_type();
  value.type = type.elem_type();
  if (!type.has_shape()) return value;
  check_rank(type.shape().dim_size(), info.name());
  OnnxShape shape;
  for (const auto& dim : type.shape().dim()) {
    if (dim.has_dim_value()) {
      shape.push_back(checked_extent(dim.dim_value(), info.name()));
    } else if (const auto extent = open_extent(dim.dim_param(), options)) {
      shape.push_back(*extent);
    } else {
      return value;
    }
  }
  value.shape = std::move(shape);
  return value;
}

const OnnxValue& OnnxNode::in(std::size_t i) const {
  if (!has(i)) fail(fmt::format("input {} is missing", i));
  return *inputs_[i];
}

const OnnxShape& OnnxNode::shape(std::size_t i) const {
  if (!known(i))
    unknown(fmt::format("the shape of its input '{}' does not follow from the file",
                        i < inputs_.size() ? proto_.input(static_cast<int>(i)) : ""));
  return *inputs_[i]->shape;
}

std::uint64_t OnnxNode::extent(std::size_t i, std::size_t dimension) const {
  const OnnxShape& extents = shape(i);
  if (dimension >= extents.size())
    fail(fmt::format("input {} has {} dimensions, and its dimension {} is read", i, extents.size(),
                     dimension));
  return extents[dimension];
}

const std::vector<std::int64_t>* OnnxNode::numbers(std::size_t i) const {
  return has(i) && inputs_[i]->numbers ? &*inputs_[i]->numbers : nullptr;
}

const onnx::AttributeProto* OnnxNode::find(const char* name) const {
  for (const onnx::AttributeProto& a : proto_.attribute()) {
    if (a.name() == name) return &a;
  }
  return nullptr;
}

std::int64_t OnnxNode::attribute(const char* name, std::int64_t otherwise) const {
  const onnx::AttributeProto* a = find(name);
  return a == nullptr ? otherwise : a->i();
}

std::vector<std::int64_t> OnnxNode::list(const char* name) const {
  const onnx::AttributeProto* a = find(name);
  if (a == nullptr) return {};
  return {a->ints().begin(), a->ints().end()};
}

std::size_t OnnxNode::axis(std::int64_t axis, std::size_t rank) const {
  const auto all = static_cast<std::int64_t>(rank);
  if (axis < -all || axis >= all) fail(fmt::format("axis {} of a tensor of {} dimensions", axis, rank));
  return static_cast<std::size_t>(axis < 0 ? axis + all : axis);
}

void OnnxNode::unknown(const std::string& why) const {
  throw ShapeUnknown{why};
}

void OnnxNode::fail(const std::string& why) const {
  throw ConfigError("", why);
}

}  // namespace orrery
