#pragma once
// A routed network on chip (mesh, torus, ring, butterfly, hierarchy, any graph) between cores and memory, at
// tile level: a granule is striped over the memory's nodes, and each part takes every channel of its way, as
// calendars, at request time; the routers' pipelines add latency. With `multicast`, a tile that several cores
// ask for before it has left is sent once over the channels their ways share (a tree, as in Eyeriss v2 and
// most spatial accelerators). What virtual channels and allocation leave of a channel's bandwidth is measured
// on the network's routers (network_rates). The chip's links hang at the memory side.

#include <vector>

#include "models/core/calendar.h"
#include "models/core/clock_domain.h"
#include "models/noc/multicast_table.h"
#include "models/noc/network.h"
#include "models/noc/noc_graph.h"
#include "sim/config/arch_spec.h"
#include "sim/stats/activity_counts.h"

namespace orrery {

// Nodes of the cores: those that are not the memory's, in order. Throws ConfigError when they are too few.
std::vector<std::uint32_t> place_cores(const NocGraph& graph, const NetworkSpec& spec, std::uint32_t cores);

// Flits of a packet that carries `bytes`, each as wide as a port.
std::uint32_t packet_flits(const NetworkSpec& spec, Bytes bytes);

class RoutedNetwork : public Network {
 public:
  // `packet_bytes`: what memory sends in one packet. Throws ConfigError: too few nodes, a graph that NocGraph
  // refuses.
  RoutedNetwork(const sc_core::sc_module_name& name, const NetworkSpec& spec, Bytes packet_bytes,
                double link_bytes_per_s, std::uint32_t cores, const ClockDomain& clock,
                ActivityCounts& counts);

  Reservation reserve(const Granule& granule, Femtoseconds t) override;
  void reset() override;

 private:
  struct Way {
    std::vector<std::uint32_t> channels;
    Cycles latency;
  };

  const NetworkSpec spec_;
  const NocGraph graph_;
  const ClockDomain& clock_;
  double read_cycles_per_byte_ = 0, write_cycles_per_byte_ = 0;  // of each channel
  const double link_fs_per_byte_;                                // 0 = as the cores' ports
  ActivityCounts& counts_;
  std::vector<Calendar> channels_;
  MulticastTable multicasts_;
  std::vector<Way> from_memory_, to_memory_;  // [core * memory nodes + node]
  Calendar links_in_, links_out_;
  std::size_t memory_nodes_;

  Way way(std::uint32_t from, std::uint32_t to) const;
  Reservation through_links(const Granule& granule, Femtoseconds t);
};

}  // namespace orrery
