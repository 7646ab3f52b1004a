#include "sim/workload/tensor_name.h"

#include <cctype>

namespace orrery {
namespace {

// The layer that `text` ("l3.qkv") names; -1 if it does not begin as one is written.
std::int32_t layer_of(const std::string& text, std::size_t& name_at) {
  constexpr std::size_t kMostDigits = 6;
  std::size_t end = 1;
  while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
  const std::size_t digits = end - 1;
  const bool layered = text.size() > end && text[0] == 'l' && text[end] == '.' && digits >= 1 &&
                       digits <= kMostDigits && (digits == 1 || text[1] != '0');
  if (!layered) return -1;
  name_at = end + 1;
  return static_cast<std::int32_t>(std::stoi(text.substr(1, digits)));
}

}  // namespace

std::uint32_t TensorNames::slot(const std::string& name) {
  const auto [at, fresh] = slots_.emplace(name, static_cast<std::uint32_t>(names_.size()));
  if (fresh) names_.push_back(name);
  return at->second;
}

std::string TensorNames::text(const TensorName& id) const {
  const std::string& name = names_.at(id.slot);
  return id.layer < 0 ? name : "l" + std::to_string(id.layer) + "." + name;
}

TensorName TensorNames::parse(const std::string& text) {
  std::size_t name_at = 0;
  const std::int32_t layer = layer_of(text, name_at);
  return {layer, slot(text.substr(name_at))};
}

}  // namespace orrery
