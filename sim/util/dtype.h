#pragma once
// Number formats of tensors and the width each has in memory.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/util/enum_names.h"

namespace orrery {

// The last ones name a kernel's mixture: weights of 4 or 8 bits that are widened to 16 before they multiply.
enum class DType : std::uint8_t { fp32, tf32, bf16, fp16, fp8, int8, int4, mxfp4, nvfp4, w4a16, w8a16 };

inline constexpr std::size_t kDTypeCount = 11;
// A number a format: MACs a cycle relative to an engine's base rate (0 = not multiplied), energies.
using DTypeRates = std::array<double, kDTypeCount>;
template <>
struct EnumNames<DType> {
  static constexpr std::array<const char*, kDTypeCount> kWords = {
      "fp32", "tf32", "bf16", "fp16", "fp8", "int8", "int4", "mxfp4", "nvfp4", "w4a16", "w8a16"};
};

// Bits an element takes in memory (tf32 is stored as 32 bits).
std::uint32_t storage_bits(DType dtype);

// What weights and activations are stored as under a format: int4 and fp16 for w4a16, else the format itself.
DType weight_dtype(DType dtype);
DType activation_dtype(DType dtype);

// Products of it read weights, or both operands, of fewer than 16 bits.
bool is_narrow(DType dtype);

}  // namespace orrery
