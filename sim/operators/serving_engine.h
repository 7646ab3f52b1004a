#pragma once
// Who serves a model: libraries' kernels differ by it where an engine brings its own.

#include <array>
#include <cstdint>
#include <optional>

#include "sim/util/enum_names.h"

namespace orrery {

enum class ServingEngine : std::uint8_t { any, vllm, sglang, trtllm };
template <>
struct EnumNames<ServingEngine> {
  static constexpr std::array<const char*, 4> kWords = {"any", "vllm", "sglang", "trtllm"};
};

// As shapes hold it: by its number, and nothing for `any`.
inline std::optional<std::uint64_t> engine_number(ServingEngine engine) {
  return engine == ServingEngine::any ? std::nullopt : std::optional(static_cast<std::uint64_t>(engine));
}
// `any` for a number that is none's.
inline ServingEngine engine_numbered(std::optional<std::uint64_t> number) {
  const std::uint64_t n = number.value_or(0);
  return n < EnumNames<ServingEngine>::kWords.size() ? static_cast<ServingEngine>(n) : ServingEngine::any;
}

}  // namespace orrery
