#pragma once
// Micro-benchmark of a node's links: one collective, as the node's library runs it or as asked.

#include <cstdint>
#include <string>

#include "sim/config/node_file.h"
#include "sim/timing/collective_schedule.h"

namespace orrery {

struct CollectiveProbe {
  std::string node;
  std::uint32_t devices = 0;  // 0 = all of the node
  std::string kind = "all_reduce";
  std::uint64_t bytes = 0;
  std::string algorithm;  // "" = chosen by size
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

struct CollectiveChoice {
  CollectiveAlgorithm algorithm = CollectiveAlgorithm::ring;
  std::size_t protocol = 0;
  double predicted_s = 0;
};

// What a library chooses: the least of base + steps + bytes over the busiest link, over what the node offers.
CollectiveChoice choose_collective(const NodeFile& node, CollectiveOperation operation, std::uint32_t devices,
                                   std::uint64_t bytes, const std::string& algorithm = "");

// Simulates in this process, which must not have elaborated anything yet. Throws ConfigError.
CollectiveProbeResult run_collective_probe(const CollectiveProbe& probe);

}  // namespace orrery
