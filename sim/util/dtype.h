#pragma once
// Number formats of tensors and the width each has in memory.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

enum class DType : std::uint8_t { fp32, tf32, bf16, fp16, fp8, int8, int4 };

inline constexpr std::size_t kDTypeCount = 7;

const char* to_string(DType dtype);
std::optional<DType> parse_dtype(const std::string& name);
std::vector<std::string> dtype_names();

// Bits an element takes in memory (tf32 is stored as 32 bits).
std::uint32_t storage_bits(DType dtype);

// Bytes of `elements` packed elements, rounded up to whole bytes.
std::uint64_t storage_bytes(DType dtype, std::uint64_t elements);

}  // namespace orrery
