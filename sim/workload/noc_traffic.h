#pragma once
// Where packets go: destinations of synthetic network traffic.

#include <cstdint>
#include <string>
#include <vector>

#include "sim/util/random.h"

namespace orrery {

class NocTraffic {
 public:
  // uniform: every node alike, itself included; transpose: (x, y) to (y, x); neighbor: the next node;
  // "hotspot(S xW)" ("hotspot(2 corners x4)"): the first and last of the nodes (S = 2), or S spread evenly,
  // with weight W against 1. Throws ConfigError.
  NocTraffic(const std::string& name, std::uint32_t nodes);

  std::uint32_t destination(std::uint32_t from, RandomStream& random) const;

 private:
  enum class Kind : std::uint8_t { uniform, transpose, neighbor, hotspot };
  Kind kind_ = Kind::uniform;
  std::uint32_t nodes_;
  std::uint32_t side_ = 0;             // transpose
  std::vector<std::uint32_t> chosen_;  // hotspot: nodes by weight
};

}  // namespace orrery
