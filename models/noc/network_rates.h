#pragma once
// How close a network comes to its busiest channel's bandwidth when memory streams to all cores, or all
// cores to memory: measured on the network's own routers, packet by packet. Nothing of it is typed into a
// file.

#include <cstdint>
#include <vector>

#include "models/noc/noc_graph.h"

namespace orrery {

// In (0, 1].
struct NetworkRates {
  double read = 1;   // memory to cores
  double write = 1;  // cores to memory
};

// `packet_flits`: of a packet with data.
NetworkRates network_rates(const NocGraph& graph, const std::vector<std::uint32_t>& memory,
                           const std::vector<std::uint32_t>& cores, std::uint32_t packet_flits);

}  // namespace orrery
