#pragma once
// Where packets go: destinations of synthetic network traffic.

#include <cstdint>
#include <string>
#include <vector>

#include "sim/util/random.h"

namespace orrery {

// Nodes of a machine's network: where its memory is, and its cores.
struct NocPlaces {
  std::vector<std::uint32_t> memory, cores;
};

class NocTraffic {
 public:
  // uniform: every node alike, itself included; transpose: (x, y) to (y, x); neighbor: the next node;
  // "hotspot(S xW)" ("hotspot(2 corners x4)"): the first and last of the nodes (S = 2), or S spread evenly,
  // with weight W against 1; memory_read: each memory node to the cores alike, memory_write: each core to the
  // memory nodes. Throws ConfigError.
  NocTraffic(const std::string& name, std::uint32_t nodes, const NocPlaces& places = {});

  // In ascending order.
  const std::vector<std::uint32_t>& senders() const { return senders_; }
  std::uint32_t destination(std::uint32_t from, RandomStream& random) const;

 private:
  enum class Kind : std::uint8_t { uniform, transpose, neighbor, chosen };
  Kind kind_ = Kind::uniform;
  std::uint32_t nodes_;
  std::uint32_t side_ = 0;             // transpose
  std::vector<std::uint32_t> chosen_;  // a node as often as its weight says
  std::vector<std::uint32_t> senders_;
};

}  // namespace orrery
