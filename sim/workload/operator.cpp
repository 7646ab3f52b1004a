#include "sim/workload/operator.h"

#include <array>

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

}  // namespace

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
  for (const std::uint64_t extent : shape) product *= extent;
  return product;
}

}  // namespace orrery
