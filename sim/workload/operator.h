#pragma once
// Operators of a transformer and the graph they form. A tensor's identity is its id: it is what lets
// residency on chip and the KV cache be simulated, on a generated stream and on a replayed trace alike.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/util/dtype.h"

namespace orrery {

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
  all_reduce,
  all_gather,
  reduce_scatter,
  all_to_all,
  broadcast,
  send_recv,
};
inline constexpr std::size_t kOperatorKinds = 18;
const char* to_string(OperatorKind kind);
std::optional<OperatorKind> parse_operator(const std::string& name);
std::vector<std::string> operator_names();

enum class TensorKind : std::uint8_t { weight, activation, kv };
const char* to_string(TensorKind kind);
std::optional<TensorKind> parse_tensor_kind(const std::string& name);

struct Tensor {
  std::string id;
  TensorKind kind = TensorKind::activation;
  std::vector<std::uint64_t> shape;
  DType dtype = DType::fp16;
  std::uint64_t elements() const;
  std::uint64_t bytes() const { return storage_bytes(dtype, elements()); }
};

// C[batch, m, n] = A[batch, m, k] x B[batch, k, n]; weights have batch 1.
struct MatmulShape {
  std::uint64_t batch = 1, m = 0, n = 0, k = 0;
};
// q query positions against kv cached ones, in each of `batch` sequences. Causal: query i of q sees
// kv - q + i + 1 positions.
struct AttentionShape {
  std::uint64_t batch = 1, heads = 0, kv_heads = 0, head_dim = 0, q = 0, kv = 0;
  bool causal = false;
};
// Row-wise and element-wise operators: `rows` rows whose output has `cols` elements.
struct VectorShape {
  std::uint64_t rows = 0, cols = 0;
};
// `bytes` of the whole array.
struct CollectiveShape {
  std::uint64_t bytes = 0;
  std::uint32_t devices = 1;
};
using OperatorShape = std::variant<MatmulShape, AttentionShape, VectorShape, CollectiveShape>;

enum class Phase : std::uint8_t { prefill, decode };
const char* to_string(Phase phase);

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
};

// "matmul 64x4096x4096", "attention batch 2, ...": kind and shape in words.
std::string describe(const OperatorShape& shape);
std::string describe(const Operator& op);

struct OperatorGraph {
  std::vector<Operator> operators;
};

}  // namespace orrery
