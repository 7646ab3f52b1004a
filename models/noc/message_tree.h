#pragma once
// One message over an idle network along a tree: to many nodes, a channel that several ways share taken once
// (multicast), or back from them, partial results added in the routers where they meet (reduction).

#include <cstdint>
#include <vector>

#include "models/noc/noc_packet.h"

namespace orrery {

struct TreeMessage {
  NocCycle cycles = 0;         // until the last tail has arrived
  std::uint64_t channels = 0;  // of the tree; each carries the message once
};

TreeMessage multicast(const NocGraph& graph, std::uint32_t from, const std::vector<std::uint32_t>& targets,
                      std::uint32_t flits);
TreeMessage reduce(const NocGraph& graph, const std::vector<std::uint32_t>& sources, std::uint32_t to,
                   std::uint32_t flits);

}  // namespace orrery
