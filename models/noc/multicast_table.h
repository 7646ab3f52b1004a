#pragma once
// Reads under way that other cores may join until their data leaves memory: what makes one packet serve
// several. Direct-mapped; a read whose place is taken by another is simply not joined.

#include <cstdint>
#include <utility>
#include <vector>

#include "models/core/granule.h"

namespace orrery {

struct Multicast {
  std::uint32_t entry = kNoEntry;
  Bytes offset;
  Femtoseconds leaves = 0;        // memory, at the earliest
  Femtoseconds ready = 0;         // all of it is there; 0 = nobody has asked for it yet
  std::vector<Femtoseconds> end;  // by source and channel, when the packet is through; 0 = not on its tree
};

class MulticastTable {
 public:
  // `channels` (of all sources together) that packets may take; each read remembers the ones it took.
  explicit MulticastTable(std::size_t channels) : channels_(channels), reads_(kReads) {}

  // The read of the same data that `granule` may join at t (ready > 0), or a fresh one.
  Multicast& find(const Granule& granule, Femtoseconds t) {
    const std::uint64_t place = granule.entry * std::uint64_t{31} + granule.offset.value() / kKiB;
    Multicast& m = reads_[place % kReads];
    if (m.entry == granule.entry && m.offset == granule.offset && m.leaves >= t) return m;
    m.entry = granule.entry;
    m.offset = granule.offset;
    m.ready = 0;
    m.end.assign(channels_, 0);
    return m;
  }
  void reset() {
    for (Multicast& m : reads_) m = {kNoEntry, {}, 0, 0, std::move(m.end)};
  }

 private:
  static constexpr std::size_t kReads = 1024;
  std::size_t channels_;
  std::vector<Multicast> reads_;
};

}  // namespace orrery
