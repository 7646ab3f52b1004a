#include "sim/workload/formats/chakra_attributes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <variant>

#include "sim/util/errors.h"

namespace orrery {
namespace {

using chakra::Attribute;
using Value = std::variant<std::monostate, std::int64_t, std::uint64_t, double, bool, std::string>;

Value value_of(const Attribute& a) {
  switch (a.value_case()) {
    case Attribute::kDoubleVal:
      return a.double_val();
    case Attribute::kFloatVal:
      return static_cast<double>(a.float_val());
    case Attribute::kInt32Val:
      return std::int64_t{a.int32_val()};
    case Attribute::kInt64Val:
      return std::int64_t{a.int64_val()};
    case Attribute::kUint32Val:
      return std::uint64_t{a.uint32_val()};
    case Attribute::kUint64Val:
      return std::uint64_t{a.uint64_val()};
    case Attribute::kSint32Val:
      return std::int64_t{a.sint32_val()};
    case Attribute::kSint64Val:
      return std::int64_t{a.sint64_val()};
    case Attribute::kFixed32Val:
      return std::uint64_t{a.fixed32_val()};
    case Attribute::kFixed64Val:
      return std::uint64_t{a.fixed64_val()};
    case Attribute::kSfixed32Val:
      return std::int64_t{a.sfixed32_val()};
    case Attribute::kSfixed64Val:
      return std::int64_t{a.sfixed64_val()};
    case Attribute::kBoolVal:
      return a.bool_val();
    case Attribute::kStringVal:
      return a.string_val();
    case Attribute::kInt32List:
    case Attribute::kBoolList:
    case Attribute::VALUE_NOT_SET:
      break;
  }
  return {};
}

}  // namespace

const Attribute* ChakraAttributes::find(const char* name) const {
  for (const Attribute& a : list_) {
    if (a.name() == name) return &a;
  }
  return nullptr;
}

std::optional<std::uint64_t> ChakraAttributes::count(const char* name) const {
  const Attribute* a = find(name);
  if (a == nullptr) return std::nullopt;
  const Value value = value_of(*a);
  const auto refuse = [&](const std::string& found) {
    throw ConfigError(
        where_, fmt::format("attribute '{}' is {}; expected a whole number, not negative", name, found));
  };
  if (const auto* n = std::get_if<std::uint64_t>(&value)) return *n;
  if (const auto* n = std::get_if<std::int64_t>(&value)) {
    if (*n < 0) refuse(std::to_string(*n));
    return static_cast<std::uint64_t>(*n);
  }
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (const auto* x = std::get_if<double>(&value)) {
    if (!(*x >= 0 && *x <= kExact && std::floor(*x) == *x)) refuse(fmt::format("{}", *x));
    return static_cast<std::uint64_t>(*x);
  }
  refuse("no number");
  return std::nullopt;
}

std::optional<bool> ChakraAttributes::flag(const char* name) const {
  const Attribute* a = find(name);
  if (a == nullptr) return std::nullopt;
  const Value value = value_of(*a);
  if (const auto* yes = std::get_if<bool>(&value)) return *yes;
  if (const auto* n = std::get_if<std::int64_t>(&value); n != nullptr && (*n == 0 || *n == 1)) return *n == 1;
  throw ConfigError(where_, fmt::format("attribute '{}' is not true or false", name));
}

bool ChakraAttributes::any_false(const char* name) const {
  const Attribute* a = find(name);
  return a != nullptr && std::any_of(a->bool_list().values().begin(), a->bool_list().values().end(),
                                     [](bool yes) { return !yes; });
}

std::optional<std::string> ChakraAttributes::text(const char* name) const {
  const Attribute* a = find(name);
  if (a == nullptr) return std::nullopt;
  const Value value = value_of(*a);
  if (const auto* words = std::get_if<std::string>(&value)) return *words;
  return std::to_string(count(name).value_or(0));
}

}  // namespace orrery
