#include "sim/workload/noc_traffic.h"

#include <cctype>

#include "sim/util/errors.h"

namespace orrery {

NocTraffic::NocTraffic(const std::string& name, std::uint32_t nodes) : nodes_(nodes) {
  if (name == "uniform") return;
  if (name == "neighbor") {
    kind_ = Kind::neighbor;
    return;
  }
  if (name == "transpose") {
    kind_ = Kind::transpose;
    while (side_ * side_ < nodes) ++side_;
    if (side_ * side_ != nodes)
      throw ConfigError("", "traffic transpose needs a square number of nodes, not " + std::to_string(nodes));
    return;
  }
  // hotspot(S ... xW)
  const auto digits = [&](std::size_t at) {
    std::uint64_t value = 0;
    while (at < name.size() && std::isdigit(static_cast<unsigned char>(name[at])) != 0 && value < 100000)
      value = value * 10 + static_cast<std::uint64_t>(name[at++] - '0');
    return value;
  };
  const std::size_t times = name.rfind('x');
  if (name.rfind("hotspot(", 0) == 0 && times != std::string::npos) {
    const std::uint64_t spots = digits(8);
    const std::uint64_t weight = digits(times + 1);
    if (spots >= 1 && spots <= nodes && weight >= 1) {
      kind_ = Kind::hotspot;
      std::vector<bool> hot(nodes);
      for (std::uint64_t s = 0; s < spots; ++s) hot[spots == 1 ? 0 : s * (nodes - 1) / (spots - 1)] = true;
      for (std::uint32_t n = 0; n < nodes; ++n) {
        for (std::uint64_t w = 0; w < (hot[n] ? weight : 1); ++w) chosen_.push_back(n);
      }
      return;
    }
  }
  throw ConfigError("",
                    "unknown traffic '" + name +
                        "'; expected uniform, transpose, neighbor or hotspot(S xW), e.g. \"hotspot(2 x4)\"");
}

std::uint32_t NocTraffic::destination(std::uint32_t from, RandomStream& random) const {
  switch (kind_) {
    case Kind::uniform:
      return static_cast<std::uint32_t>(random.below(nodes_));
    case Kind::neighbor:
      return (from + 1) % nodes_;
    case Kind::transpose:
      return from % side_ * side_ + from / side_;
    case Kind::hotspot:
      return chosen_[random.below(chosen_.size())];
  }
  return 0;
}

}  // namespace orrery
