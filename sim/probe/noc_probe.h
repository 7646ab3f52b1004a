#pragma once
// Micro-benchmark of a network: packets at a rate, latency and accepted rate after a warm-up.

#include <cstdint>
#include <string>

#include "sim/config/noc_spec.h"
#include "sim/probe/dram_probe.h"
#include "sim/workload/noc_traffic.h"

namespace orrery {

struct NocProbe {
  NocSpec network;
  // Of NocTraffic, or multicast | reduce: one message along a tree, at tile.
  std::string traffic = "uniform";
  NocPlaces places;   // of a machine's network
  double rate = 0.1;  // flits a sending node and cycle offered
  std::uint32_t packet_flits = 1;
  ProbeFidelity fidelity = ProbeFidelity::cycle;
  std::int64_t warm_up_cycles = 3000;
  std::int64_t measured_cycles = 6000;
  std::uint64_t seed = 1;
};

struct NocProbeResult {
  double latency_cycles = 0;          // mean, created to the last flit ejected
  double network_latency_cycles = 0;  // from the head's injection
  double max_latency_cycles = 0;
  double accepted = 0;  // flits a sending node and cycle
  double hops = 0;      // routers, mean
  bool stable = true;   // accepted what was offered
  std::uint64_t packets = 0;
};

NocProbeResult run_noc_probe(const NocProbe& probe);

}  // namespace orrery
