#include "sim/workload/formats/work_size.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/util/errors.h"
#include "sim/workload/standalone_operator.h"

namespace orrery {
namespace {

// The larger s of 2 macs / s + s^2 = elements, between macs^(1/3), where the left side is least, and
// elements^(1/2).
double side(double macs, double elements) {
  double low = std::cbrt(macs);
  double high = std::max(low, std::sqrt(elements));
  constexpr int kSteps = 100;
  for (int i = 0; i < kSteps; ++i) {
    const double middle = (low + high) / 2;
    (2 * macs / middle + middle * middle < elements ? low : high) = middle;
  }
  return high;
}

}  // namespace

Operator operator_of_size(std::uint64_t flops, std::uint64_t bytes, DType dtype, Coverage& coverage) {
  if (flops == 0 && bytes == 0) throw ConfigError("", "neither operations nor bytes");
  const double elements = static_cast<double>(bytes) * 8 / storage_bits(dtype);
  if (flops == 0) {
    coverage.assume("nodes of bytes and no operations copy: half are read, half are written");
    const auto half = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(elements / 2));
    return standalone(OperatorKind::kv_append, VectorShape{1, half}, dtype);
  }
  // Fewer operations than elements are no product.
  if (static_cast<double>(flops) < elements / 2) {
    coverage.assume(
        "nodes of fewer operations than elements are element-wise: half of their bytes are read, half are "
        "written");
    const auto half = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(elements / 2));
    return standalone(OperatorKind::kv_append, VectorShape{1, half}, dtype);
  }
  coverage.assume(
      fmt::format("nodes of num_ops and tensor_size are products of m rows and a square matrix, of as many "
                  "operations and bytes, in {}",
                  to_string(dtype)));
  const double macs = std::max(1.0, static_cast<double>(flops) / 2);
  if (elements < 3 * std::cbrt(macs) * std::cbrt(macs))
    coverage.assume("nodes of fewer bytes than any product of their operations are cubes, which move more");
  const auto s = static_cast<std::uint64_t>(std::max(1.0, std::round(side(macs, elements))));
  const double columns = static_cast<double>(s);
  const auto m = static_cast<std::uint64_t>(std::max(1.0, std::round(macs / columns / columns)));
  Operator op = standalone_matmul({1, m, s, s}, dtype);
  op.inputs[1].kind = TensorKind::activation;  // whose it is, is not said
  return op;
}

}  // namespace orrery
