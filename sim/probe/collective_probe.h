#pragma once
// Micro-benchmark of a node's links: one collective, as the node's library runs it or as asked.

#include <cstdint>
#include <string>

#include "sim/config/node_spec.h"
#include "sim/timing/collective_choice.h"

namespace orrery {

struct CollectiveProbe {
  NodeSpec node;
  std::uint32_t devices = 0;  // 0 = all of the node
  std::string kind = "all_reduce";
  std::uint64_t bytes = 0;
  std::string algorithm;  // "" = chosen by size
  CollectiveStack stack;
  std::uint32_t copies = 1;  // of a row among an all-to-all's bytes
};

struct CollectiveProbeResult {
  double time_us = 0;
  double algorithm_gb_per_s = 0;  // bytes / time
  double bus_gb_per_s = 0;        // the same by the factor of nccl-tests: comparable with a link
  std::string algorithm, protocol;
  std::uint32_t devices = 0;
  std::uint32_t steps = 0;
  std::uint64_t granules = 0;
  double energy_j = 0;  // links
};

// Simulates in this process, which must not have elaborated anything yet. Throws ConfigError.
CollectiveProbeResult run_collective_probe(const CollectiveProbe& probe);

}  // namespace orrery
