#include "sim/util/dtype.h"

#include <array>

#include "sim/util/checked.h"
#include "sim/util/units.h"

namespace orrery {
namespace {

constexpr std::array<std::uint32_t, kDTypeCount> kBits = {32, 32, 16, 16, 8, 8, 4, 4, 4, 16, 16};

}  // namespace

std::uint32_t storage_bits(DType dtype) {
  return kBits[static_cast<std::size_t>(dtype)];
}

DType weight_dtype(DType dtype) {
  if (dtype == DType::w4a16) return DType::int4;
  return dtype == DType::w8a16 ? DType::int8 : dtype;
}

DType activation_dtype(DType dtype) {
  return dtype == DType::w4a16 || dtype == DType::w8a16 ? DType::fp16 : dtype;
}

std::uint64_t storage_bytes(DType dtype, std::uint64_t elements) {
  return ceil_div<std::uint64_t>(checked_product({elements, storage_bits(dtype)}), 8);
}

}  // namespace orrery
