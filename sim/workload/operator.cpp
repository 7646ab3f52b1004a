#include "sim/workload/operator.h"

#include "sim/util/checked.h"

namespace orrery {
std::string describe(const Operator& op) {
  return std::string(to_string(op.kind)) + " " + describe(op.shape);
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
