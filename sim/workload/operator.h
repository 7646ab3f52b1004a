#pragma once
// Operators of a transformer and the graph they form. A tensor's identity is its id, whatever part of it an
// operator sees: it is what lets residency on chip and the KV cache be simulated, on a generated stream and
// on a replayed trace alike.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/operators/operator_row.h"
#include "sim/operators/operator_shape.h"
#include "sim/util/enum_names.h"
#include "sim/util/stored_format.h"
#include "sim/workload/tensor_name.h"

namespace orrery {

struct Tensor {
  TensorName id;
  TensorKind kind = TensorKind::activation;
  std::vector<std::uint64_t> shape;
  StoredFormat format;
  std::uint64_t elements() const;
  std::uint64_t bytes() const { return format.bytes(elements()); }
};

// The same tensor seen in another shape, or a part of it.
Tensor view(Tensor tensor, std::vector<std::uint64_t> shape);

enum class Phase : std::uint8_t { prefill, decode, training };
template <>
struct EnumNames<Phase> {
  static constexpr std::array<const char*, 3> kWords = {"prefill", "decode", "training"};
};

struct Operator {
  std::uint32_t id = 0;
  OperatorKind kind = OperatorKind::matmul;
  std::int32_t layer = -1;  // -1 = outside the layers
  Phase phase = Phase::prefill;
  std::vector<std::uint32_t> deps;  // ids of earlier operators
  OperatorShape shape;
  DType dtype = DType::fp16;  // of its arithmetic
  std::vector<Tensor> inputs;
  std::vector<Tensor> outputs;
  std::optional<std::uint32_t> meeting;  // of ranks that are not alike: those with this number do it together
};

// Of a product's weights, those that are kept; dense of any other operator.
const Sparsity& weight_sparsity(const Operator& op);

// "64x4096x4096, weights 2:4": the shape in words; "matmul 64x4096x4096, weights 2:4": with its kind.
std::string shape_in_words(const Operator& op);
std::string describe(const Operator& op);

// Pieces that are read from storage before the operators that need them.
struct StoredPieces {
  std::uint64_t reads = 0, bytes = 0;  // bytes of each
};

struct OperatorGraph {
  std::vector<Operator> operators;
  std::shared_ptr<TensorNames> names;  // of its tensors
  std::vector<TensorName> biased;      // of a training step: weights beside which a bias is added
  std::vector<StoredPieces> stored;
};

}  // namespace orrery
