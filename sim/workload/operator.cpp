#include "sim/workload/operator.h"

#include "sim/util/checked.h"

namespace orrery {
const Sparsity& weight_sparsity(const Operator& op) {
  static const Sparsity dense;
  return std::holds_alternative<MatmulShape>(op.shape) && op.inputs.size() > 1 ? op.inputs[1].format.sparsity
                                                                               : dense;
}

std::string shape_in_words(const Operator& op) {
  const Sparsity& weights = weight_sparsity(op);
  return describe(op.shape) + (weights.is_dense() ? "" : ", weights " + name_of(weights));
}

std::string describe(const Operator& op) {
  return std::string(to_string(op.kind)) + " " + shape_in_words(op);
}

Tensor view(Tensor tensor, std::vector<std::uint64_t> shape) {
  tensor.shape = std::move(shape);
  return tensor;
}

std::uint64_t Tensor::elements() const {
  std::uint64_t product = 1;
  for (const std::uint64_t extent : shape) product = checked_product({product, extent});
  return product;
}

}  // namespace orrery
