#include "sim/util/dtype.h"

#include <array>

#include "sim/util/checked.h"
#include "sim/util/units.h"

namespace orrery {
namespace {

constexpr std::array<const char*, kDTypeCount> kNames = {"fp32", "tf32",  "bf16",  "fp16",  "fp8",  "int8",
                                                         "int4", "mxfp4", "nvfp4", "w4a16", "w8a16"};
constexpr std::array<std::uint32_t, kDTypeCount> kBits = {32, 32, 16, 16, 8, 8, 4, 4, 4, 16, 16};

}  // namespace

const char* to_string(DType dtype) {
  return kNames[static_cast<std::size_t>(dtype)];
}

std::optional<DType> parse_dtype(const std::string& name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) return static_cast<DType>(i);
  }
  return std::nullopt;
}

std::vector<std::string> dtype_names() {
  return {kNames.begin(), kNames.end()};
}

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
