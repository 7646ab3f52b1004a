#pragma once
// Which tiles a buffer holds: entries with dense indices in an intrusive list, least recently used out first,
// by bytes. Nothing is allocated after begin().

#include <cstdint>
#include <vector>

#include "sim/util/units.h"

namespace orrery {

class TileLru {
 public:
  struct Entry {
    std::uint64_t bytes = 0;  // held; 0 = absent
    Femtoseconds ready = 0;   // a hit on a fill in flight waits for it
    std::uint32_t newer = 0, older = 0;
    bool dirty = false;
  };

  explicit TileLru(std::uint64_t capacity_bytes) : capacity_(capacity_bytes) {}

  // Forgets everything and makes room for `entries` indices.
  void begin(std::uint32_t entries);

  bool holds(std::uint32_t index) const { return entries_[index].bytes != 0; }
  Entry& operator[](std::uint32_t index) { return entries_[index]; }
  const Entry& operator[](std::uint32_t index) const { return entries_[index]; }

  void touch(std::uint32_t index);
  // Brings in an absent entry of at most the capacity; returns the dirty bytes that had to leave.
  std::uint64_t insert(std::uint32_t index, std::uint64_t bytes);
  // Brings in an absent entry as the oldest one, into free room.
  void insert_oldest(std::uint32_t index, std::uint64_t bytes);
  // A partly present entry grows; returns the dirty bytes that had to leave.
  std::uint64_t grow(std::uint32_t index, std::uint64_t bytes);

  std::uint64_t used() const { return used_; }
  std::uint64_t evictions() const { return evictions_; }  // since begin()
  std::uint64_t capacity() const { return capacity_; }

 private:
  std::uint64_t capacity_;
  std::uint64_t used_ = 0;
  std::uint64_t evictions_ = 0;
  std::vector<Entry> entries_;  // the last one is the list's sentinel

  std::uint32_t sentinel() const { return static_cast<std::uint32_t>(entries_.size() - 1); }
  void unlink(std::uint32_t index);
  void link_newest(std::uint32_t index);
  std::uint64_t make_room(std::uint64_t bytes);
};

}  // namespace orrery
