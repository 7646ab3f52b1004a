#include "sim/workload/noc_traffic.h"

#include <algorithm>
#include <cctype>
#include <numeric>

#include "sim/util/errors.h"

namespace orrery {

NocTraffic::NocTraffic(const std::string& name, std::uint32_t nodes, const NocPlaces& places)
    : nodes_(nodes), senders_(nodes) {
  std::iota(senders_.begin(), senders_.end(), 0);
  if (name == "uniform") return;
  if (name == "memory_read" || name == "memory_write") {
    if (places.memory.empty() || places.cores.empty())
      throw ConfigError("",
                        "traffic " + name + " needs a machine, which says where its memory is: --arch NAME");
    kind_ = Kind::chosen;
    senders_ = name == "memory_read" ? places.memory : places.cores;
    chosen_ = name == "memory_read" ? places.cores : places.memory;
    std::sort(senders_.begin(), senders_.end());
    return;
  }
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
      kind_ = Kind::chosen;
      std::vector<bool> hot(nodes);
      for (std::uint64_t s = 0; s < spots; ++s) hot[spots == 1 ? 0 : s * (nodes - 1) / (spots - 1)] = true;
      for (std::uint32_t n = 0; n < nodes; ++n) {
        for (std::uint64_t w = 0; w < (hot[n] ? weight : 1); ++w) chosen_.push_back(n);
      }
      return;
    }
  }
  throw ConfigError(
      "",
      "unknown traffic '" + name +
          "'; expected uniform, transpose, neighbor, hotspot(S xW), e.g. \"hotspot(2 x4)\", memory_read or "
          "memory_write");
}

std::uint32_t NocTraffic::destination(std::uint32_t from, RandomStream& random) const {
  switch (kind_) {
    case Kind::uniform:
      return static_cast<std::uint32_t>(random.below(nodes_));
    case Kind::neighbor:
      return (from + 1) % nodes_;
    case Kind::transpose:
      return from % side_ * side_ + from / side_;
    case Kind::chosen:
      return chosen_[random.below(chosen_.size())];
  }
  return 0;
}

}  // namespace orrery
