#pragma once
// Tensors of an ONNX graph by name: their extents, as far as they follow from the file and from what its open
// extents are, and whole numbers that extents are made of.

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/util/dtype.h"
#include "sim/workload/formats/import_options.h"
#include "sim/workload/formats/onnx.pb.h"

namespace orrery {

using OnnxShape = std::vector<std::uint64_t>;

// Of any dimension, stated or inferred: extents may be added and subtracted in 64 bits.
constexpr std::int64_t kLargestExtent = std::int64_t{1} << 40;
constexpr std::size_t kMostDimensions = 64;  // of a tensor, as in numpy
constexpr std::uint64_t kMostFolded = 4096;  // whole numbers that a shape is made of

struct OnnxValue {
  std::optional<OnnxShape> shape;
  std::int32_t type = 0;                             // TensorProto.DataType
  bool constant = false;                             // an initializer
  std::optional<std::vector<std::int64_t>> numbers;  // of a small one, where they are known
};

// What a tensor of a known shape takes where it is stored.
std::uint64_t stored_bytes(const OnnxValue& value);

// Floating point of our formats; none for whole numbers and truth values.
std::optional<DType> onnx_dtype(std::int32_t type);

// "sequence_length", "past_sequence_length + 1": what it is, by the words in it. None for words that say
// nothing.
std::optional<std::uint64_t> open_extent(const std::string& name, const ImportOptions& options);

// Throws ConfigError for negative extents.
OnnxValue value_of(const onnx::TensorProto& tensor);
OnnxValue value_of(const onnx::ValueInfoProto& info, const ImportOptions& options);

// What does not follow from a file; caught by who reads it.
struct ShapeUnknown {
  std::string why;
};

// A node with what it reads.
class OnnxNode {
 public:
  OnnxNode(const onnx::NodeProto& proto, std::vector<const OnnxValue*> inputs)
      : proto_(proto), inputs_(std::move(inputs)) {}

  const std::string& op() const { return proto_.op_type(); }
  // Of the domains that are read, ONNX's own and com.microsoft.
  bool ours() const {
    return proto_.domain().empty() || proto_.domain() == "ai.onnx" || proto_.domain() == "com.microsoft";
  }
  std::string full_name() const { return ours() ? op() : proto_.domain() + "." + op(); }
  std::size_t inputs() const { return inputs_.size(); }
  std::size_t outputs() const { return static_cast<std::size_t>(proto_.output_size()); }
  bool has(std::size_t i) const { return i < inputs_.size() && inputs_[i] != nullptr; }
  const OnnxValue& in(std::size_t i) const;
  bool known(std::size_t i) const { return has(i) && inputs_[i]->shape; }
  // Throws ShapeUnknown where it is not known.
  const OnnxShape& shape(std::size_t i) const;
  // Of input i along one dimension. Throws ShapeUnknown as shape does, ConfigError beyond the rank.
  std::uint64_t extent(std::size_t i, std::size_t dimension) const;
  // None where input i is not known to the number.
  const std::vector<std::int64_t>* numbers(std::size_t i) const;

  std::int64_t attribute(const char* name, std::int64_t otherwise) const;
  std::vector<std::int64_t> list(const char* name) const;
  const onnx::AttributeProto* find(const char* name) const;
  // Of input i, "axis" or the like: counted from the end where it is negative. Throws ConfigError beyond the
  // rank.
  std::size_t axis(std::int64_t axis, std::size_t rank) const;
  [[noreturn]] void fail(const std::string& why) const;     // ConfigError: it is wrong
  [[noreturn]] void unknown(const std::string& why) const;  // ShapeUnknown

 private:
  const onnx::NodeProto& proto_;
  std::vector<const OnnxValue*> inputs_;
};

}  // namespace orrery
