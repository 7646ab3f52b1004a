#pragma once
// Typed access to a document that its schema has already accepted: keys exist or take their default.

#include <nlohmann/json.hpp>
#include <string>

#include "sim/util/dtype.h"

namespace orrery {

inline double number(const nlohmann::json& object, const char* key, double fallback = 0) {
  return object.contains(key) ? object[key].get<double>() : fallback;
}
inline std::uint32_t integer(const nlohmann::json& object, const char* key, std::uint32_t fallback = 0) {
  return object.contains(key) ? object[key].get<std::uint32_t>() : fallback;
}
inline std::uint64_t scaled(const nlohmann::json& object, const char* key, std::uint64_t unit) {
  return static_cast<std::uint64_t>(number(object, key) * static_cast<double>(unit));
}

// {fp16: 1, int8: 2} -> one value a format, 0 where none is given.
template <class Rates>
Rates dtype_values(const nlohmann::json& object) {
  Rates rates{};
  for (const auto& [name, value] : object.items()) {
    if (const auto dtype = parse_dtype(name))
      rates[static_cast<std::size_t>(*dtype)] = value.template get<double>();
  }
  // Mixtures multiply in the 16-bit format that there is, unless they say otherwise.
  for (const DType mixed : {DType::w4a16, DType::w8a16}) {
    auto& rate = rates[static_cast<std::size_t>(mixed)];
    for (const DType wide : {DType::fp16, DType::bf16}) {
      if (rate == 0) rate = rates[static_cast<std::size_t>(wide)];
    }
  }
  return rates;
}

}  // namespace orrery
