#pragma once
// Reads that the cores of a cluster have in common: whoever asks first reads for all, the others find the
// data on its way or there. Each core is served once by a read; its next one of the same data is another
// read. A cluster keeps the last few, as its cores are never further apart than their buffers.

#include <array>
#include <cstdint>
#include <vector>

#include "models/core/granule.h"

namespace orrery {

class ClusterReads {
 public:
  struct Read {
    std::uint32_t entry = kNoEntry;
    Bytes offset;
    std::uint64_t served = 0;  // cores, a bit each
    Femtoseconds ready = 0;    // all of it is there
  };

  // The read that serves this granule, or null: it is the first to ask.
  const Read* join(const Granule& granule) {
    const std::uint64_t me = bit_of(granule);
    for (Read& read : cluster_of(granule).reads) {
      if (read.entry != granule.entry || read.offset != granule.offset || (read.served & me) != 0) continue;
      read.served |= me;
      return &read;
    }
    return nullptr;
  }
  // The granule has been read, and will be there for the others.
  void add(const Granule& granule, Femtoseconds ready) {
    Cluster& cluster = cluster_of(granule);
    cluster.reads[cluster.oldest] = {granule.entry, granule.offset, bit_of(granule), ready};
    cluster.oldest = (cluster.oldest + 1) % kReads;
  }
  void reset() { clusters_.clear(); }

 private:
  static constexpr std::size_t kReads = 32;
  struct Cluster {
    std::array<Read, kReads> reads{};
    std::size_t oldest = 0;
  };
  std::vector<Cluster> clusters_;  // those that have asked, and before them

  static std::uint64_t bit_of(const Granule& granule) {
    return std::uint64_t{1} << (granule.source.value % granule.cluster);
  }
  Cluster& cluster_of(const Granule& granule) {
    const std::size_t cluster = granule.source.value / granule.cluster;
    if (cluster >= clusters_.size()) clusters_.resize(cluster + 1);
    return clusters_[cluster];
  }
};

}  // namespace orrery
