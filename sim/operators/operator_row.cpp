#include "sim/operators/operator_row.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr std::array<const char*, 3> kTensorKinds = {"weight", "activation", "kv"};

}  // namespace

std::optional<OperatorKind> parse_operator(const std::string& name) {
  for (const OperatorRow& row : kOperators) {
    if (name == row.name) return row.kind;
  }
  return std::nullopt;
}

std::vector<std::string> operator_names() {
  std::vector<std::string> names;
  for (const OperatorRow& row : kOperators) names.emplace_back(row.name);
  return names;
}

std::size_t count(const OperandRows& rows) {
  return static_cast<std::size_t>(
      std::count_if(rows.begin(), rows.end(), [](const OperandRow& r) { return r.name != nullptr; }));
}

const char* to_string(TensorKind kind) {
  return kTensorKinds[static_cast<std::size_t>(kind)];
}
std::optional<TensorKind> parse_tensor_kind(const std::string& name) {
  for (std::size_t i = 0; i < kTensorKinds.size(); ++i) {
    if (name == kTensorKinds[i]) return static_cast<TensorKind>(i);
  }
  return std::nullopt;
}

}  // namespace orrery
