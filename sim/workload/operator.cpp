#include "sim/workload/operator.h"

#include <fmt/format.h>

#include <array>

#include "sim/util/checked.h"

namespace orrery {
namespace {

constexpr std::array<const char*, 18> kOperators = {
    "matmul",         "attention",  "rmsnorm",   "layernorm", "add_rmsnorm", "softmax",    "silu_mul",
    "gelu",           "add",        "rope",      "kv_append", "embedding",   "all_reduce", "all_gather",
    "reduce_scatter", "all_to_all", "broadcast", "send_recv"};
constexpr std::array<const char*, 3> kTensorKinds = {"weight", "activation", "kv"};

template <class Enum, std::size_t N>
std::optional<Enum> parse(const std::array<const char*, N>& names, const std::string& name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (name == names[i]) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

struct Describe {
  std::string operator()(const MatmulShape& s) const {
    return s.batch > 1 ? fmt::format("{} x {}x{}x{}", s.batch, s.m, s.n, s.k)
                       : fmt::format("{}x{}x{}", s.m, s.n, s.k);
  }
  std::string operator()(const AttentionShape& s) const {
    return fmt::format("batch {}, {} heads ({} kv) of {}, q {}, kv {}{}", s.batch, s.heads, s.kv_heads,
                       s.head_dim, s.q, s.kv, s.causal ? ", causal" : "");
  }
  std::string operator()(const VectorShape& s) const { return fmt::format("{}x{}", s.rows, s.cols); }
  std::string operator()(const CollectiveShape& s) const {
    return fmt::format("{} bytes on {} devices", s.bytes, s.devices);
  }
};

}  // namespace

std::string describe(const OperatorShape& shape) {
  return std::visit(Describe{}, shape);
}
std::string describe(const Operator& op) {
  return std::string(to_string(op.kind)) + " " + describe(op.shape);
}

const char* to_string(OperatorKind kind) {
  return kOperators[static_cast<std::size_t>(kind)];
}
std::optional<OperatorKind> parse_operator(const std::string& name) {
  return parse<OperatorKind>(kOperators, name);
}
std::vector<std::string> operator_names() {
  return {kOperators.begin(), kOperators.end()};
}

const char* to_string(TensorKind kind) {
  return kTensorKinds[static_cast<std::size_t>(kind)];
}
std::optional<TensorKind> parse_tensor_kind(const std::string& name) {
  return parse<TensorKind>(kTensorKinds, name);
}

const char* to_string(Phase phase) {
  return phase == Phase::prefill ? "prefill" : "decode";
}

std::uint64_t Tensor::elements() const {
  std::uint64_t product = 1;
  for (const std::uint64_t extent : shape) product = checked_product({product, extent});
  return product;
}

}  // namespace orrery
