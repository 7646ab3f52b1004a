#pragma once
// Who serves a model: libraries' kernels differ by it where an engine brings its own.

#include <array>
#include <cstdint>

#include "sim/util/enum_names.h"

namespace orrery {

enum class ServingEngine : std::uint8_t { any, vllm, sglang, trtllm };
template <>
struct EnumNames<ServingEngine> {
  static constexpr std::array<const char*, 4> kWords = {"any", "vllm", "sglang", "trtllm"};
};

}  // namespace orrery
