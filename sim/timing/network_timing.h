#pragma once
// Latencies of networks on chip without load.

#include "sim/config/arch_spec.h"
#include "sim/util/amount.h"

namespace orrery {

// Routers and a link: the cycles a head takes for a hop.
Cycles hop_cycles(const NocSpec& spec);
// Mean routers a packet between two nodes chosen at random passes, by the closed form of the topology; of a
// graph, half its routers at most.
double mean_hops(const NocSpec& spec);

// Of a machine's network, core to memory side: a crossbar's both ways together, a routed network's one
// (requests run ahead). What a mapper expects; a transfer that is simulated on a routed network takes its own
// way, there and back.
double network_latency_ns(const NetworkSpec& spec, double clock_hz);

}  // namespace orrery
