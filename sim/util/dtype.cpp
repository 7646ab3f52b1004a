#include "sim/util/dtype.h"

#include <array>

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

bool is_narrow(DType dtype) {
  return storage_bits(weight_dtype(dtype)) < 16;
}

}  // namespace orrery
