#include "models/noc/routed_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/noc/network_rates.h"
#include "sim/util/errors.h"

namespace orrery {

std::vector<std::uint32_t> place_cores(const NocGraph& graph, const NetworkSpec& spec, std::uint32_t cores) {
  std::vector<std::uint32_t> nodes;
  for (std::uint32_t node = 0; node < graph.nodes() && nodes.size() < cores; ++node) {
    const bool memory =
        std::find(spec.memory_nodes.begin(), spec.memory_nodes.end(), node) != spec.memory_nodes.end();
    if (!memory) nodes.push_back(node);
  }
  const std::uint32_t most = *std::max_element(spec.memory_nodes.begin(), spec.memory_nodes.end());
  if (nodes.size() == cores && most < graph.nodes()) return nodes;
  throw ConfigError("", fmt::format("the network has {} nodes: too few for {} cores and memory at {} node{} "
                                    "up to number {}",
                                    graph.nodes(), cores, spec.memory_nodes.size(),
                                    spec.memory_nodes.size() == 1 ? "" : "s", most));
}

std::uint32_t packet_flits(const NetworkSpec& spec, Bytes bytes) {
  const double flits = std::ceil(bytes.real() / spec.port_bytes_per_cycle);
  return std::max(1u, static_cast<std::uint32_t>(flits));
}

RoutedNetwork::RoutedNetwork(const sc_core::sc_module_name& name, const NetworkSpec& spec, Bytes packet_bytes,
                             double link_bytes_per_s, std::uint32_t cores, const ClockDomain& clock,
                             ActivityCounts& counts)
    : Network(name),
      spec_(spec),
      graph_(spec.routed.value()),
      clock_(clock),
      link_fs_per_byte_(link_bytes_per_s > 0 ? kFsPerSecond / link_bytes_per_s : 0),
      counts_(counts),
      channels_(graph_.channels().size()),
      multicasts_(graph_.channels().size() * spec.memory_nodes.size()),
      memory_nodes_(spec.memory_nodes.size()) {
  const std::vector<std::uint32_t> core_nodes = place_cores(graph_, spec, cores);
  for (const std::uint32_t core : core_nodes) {
    for (const std::uint32_t memory_node : spec.memory_nodes) {
      from_memory_.push_back(way(memory_node, core));
      to_memory_.push_back(way(core, memory_node));
    }
  }
  const NetworkRates rates =
      network_rates(graph_, spec.memory_nodes, core_nodes, packet_flits(spec, packet_bytes));
  read_cycles_per_byte_ = 1 / (spec_.port_bytes_per_cycle * rates.read);
  write_cycles_per_byte_ = 1 / (spec_.port_bytes_per_cycle * rates.write);
}

RoutedNetwork::Way RoutedNetwork::way(std::uint32_t from, std::uint32_t to) const {
  Way w;
  w.channels = graph_.path(from, to, from + to);
  w.latency = Cycles{graph_.spec().router.pipeline_cycles() * (w.channels.size() - 1)};
  for (const std::uint32_t c : w.channels) w.latency += Cycles{graph_.channels()[c].latency};
  return w;
}

// As wide as the links, so that it is never narrower than what it feeds.
Reservation RoutedNetwork::through_links(const Granule& granule, Femtoseconds t) {
  const double fs_per_byte = link_fs_per_byte_ > 0
                                 ? (granule.write ? link_fs_per_byte_ : link_fs_per_byte_ / 2)
                                 : clock_.fs_per_cycle() / spec_.port_bytes_per_cycle;
  const auto service = from_femtoseconds(granule.bytes.real() * fs_per_byte);
  const Femtoseconds finish = (granule.write ? links_in_ : links_out_).reserve(t, service);
  Reservation beyond = memory->reserve(granule, t);
  if (finish > beyond.finish) {
    beyond.finish = finish;
    beyond.bound_by = TimeCategory::noc;
  }
  return beyond;
}

Reservation RoutedNetwork::reserve(const Granule& granule, Femtoseconds t) {
  counts_.noc_bytes += granule.bytes.value();
  std::uint64_t hops = 0;
  const std::size_t first = granule.source.value * memory_nodes_;
  if (first >= from_memory_.size()) return through_links(granule, t);
  const auto& ways = granule.write ? to_memory_ : from_memory_;
  const double part = granule.bytes.real() / static_cast<double>(memory_nodes_);
  const auto service =
      clock_.time(PartCycles{part * (granule.write ? write_cycles_per_byte_ : read_cycles_per_byte_)});
  const bool may_share = spec_.multicast && !granule.write && granule.entry != kNoEntry;
  Multicast* multicast = may_share ? &multicasts_.find(granule, t) : nullptr;
  const bool joins = multicast != nullptr && multicast->ready > 0;
  Femtoseconds finish = t;
  Femtoseconds latency = 0;
  for (std::size_t m = 0; m < memory_nodes_; ++m) {
    const Way& w = ways[first + m];
    for (const std::uint32_t c : w.channels) {
      // Each memory node sends a part of its own.
      Femtoseconds* through = multicast != nullptr ? &multicast->end[m * channels_.size() + c] : nullptr;
      if (through != nullptr && *through > 0) {
        finish = std::max(finish, *through);
        continue;
      }
      ++hops;
      const Femtoseconds end = channels_[c].reserve(t, service);
      if (through != nullptr) *through = end;
      finish = std::max(finish, end);
    }
    // There and back: a read's request, a write's acknowledgement.
    latency = std::max(latency, clock_.time(from_memory_[first + m].latency + to_memory_[first + m].latency));
  }
  counts_.noc_hop_bytes += granule.bytes.value() * hops / memory_nodes_;
  if (joins) {  // memory is read once for all copies
    counts_.multicast_bytes += granule.bytes.value();
    const bool waits = multicast->ready > finish;
    return {std::max(finish, multicast->ready), latency, waits ? TimeCategory::dram : TimeCategory::noc};
  }
  Reservation beyond = memory->reserve(granule, t);
  if (multicast != nullptr) {
    multicast->ready = std::max<Femtoseconds>(1, beyond.done());
    multicast->leaves = std::max(finish, beyond.done()) - service;
  }
  if (finish > beyond.finish) {
    beyond.finish = finish;
    beyond.bound_by = TimeCategory::noc;
  }
  beyond.latency += latency;
  return beyond;
}

void RoutedNetwork::reset() {
  for (Calendar& c : channels_) c.reset();
  multicasts_.reset();
  links_in_.reset();
  links_out_.reset();
}

}  // namespace orrery
