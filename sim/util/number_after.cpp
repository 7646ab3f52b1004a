#include "sim/util/number_after.h"

#include <cstdlib>

namespace orrery {

std::optional<std::uint64_t> number_after(const std::string& name, const std::string& prefix) {
  constexpr std::size_t kMostDigits = 12;
  if (name.rfind(prefix, 0) != 0) return std::nullopt;
  const std::string digits = name.substr(prefix.size());
  if (digits.empty() || digits.size() > kMostDigits ||
      digits.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  return std::strtoull(digits.c_str(), nullptr, 10);
}

}  // namespace orrery
