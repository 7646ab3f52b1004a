#pragma once
// Closed forms of collectives on a ring of N chips (Patarasuk and Yuan 2009), used as bounds and to check the
// simulation: a step moves a chunk of S/N bytes to the neighbour.

#include <cstdint>

#include "sim/timing/collective_schedule.h"

namespace orrery {

// Steps of the ring algorithm: 2(N-1) for all_reduce, N-1 for the others; 0 for one device.
std::uint32_t ring_steps(CollectiveOperation kind, std::uint32_t devices);

// Bytes of one step's chunk for an array of `bytes` in all.
std::uint64_t ring_chunk_bytes(std::uint64_t bytes, std::uint32_t devices);

// Seconds on otherwise idle links: steps x (latency + step cost + chunk / bandwidth), by one of the node's
// protocols.
double ring_collective_s(CollectiveOperation kind, const NodeSpec& node, const CollectiveProtocol& protocol,
                         std::uint64_t bytes, std::uint32_t devices);

}  // namespace orrery
