#pragma once
// Which tiles a buffer holds: entries with dense indices in an intrusive list, least recently used out first,
// by bytes. Nothing is allocated after begin() but the record of changes. What is done after remember() can
// be taken back: a forecast touches tiles as a stretch of a kernel would. The record is bounded: the latest
// changes, and what there was before all of them.

#include <cstdint>
#include <vector>

#include "sim/util/amount.h"
#include "sim/util/units.h"

namespace orrery {

class TileLru {
 public:
  struct Entry {
    Bytes bytes;             // held; 0 = absent
    Femtoseconds ready = 0;  // a hit on a fill in flight waits for it
    std::uint32_t newer = 0, older = 0;
    bool dirty = false;
  };

  explicit TileLru(Bytes capacity) : capacity_(capacity) {}

  // Of those made from now on: about one to two times so many latest changes are kept.
  static void bound_records(std::size_t changes) { most_changes_ = changes; }

  // Forgets everything and makes room for `entries` indices.
  void begin(std::uint32_t entries);

  bool holds(std::uint32_t index) const { return entries_[index].bytes != Bytes{}; }
  Entry& operator[](std::uint32_t index) { return entries_[index]; }
  const Entry& operator[](std::uint32_t index) const { return entries_[index]; }

  void touch(std::uint32_t index);
  // Brings in an absent entry of at most the capacity; returns the dirty bytes that had to leave.
  Bytes insert(std::uint32_t index, Bytes bytes);
  // Brings in an absent entry as the oldest one, into free room.
  void insert_oldest(std::uint32_t index, Bytes bytes);
  // A partly present entry grows; returns the dirty bytes that had to leave.
  Bytes grow(std::uint32_t index, Bytes bytes);

  void mark_dirty(std::uint32_t index);

  // From now on changes are recorded, until keep(). How many there are; what came after so many is taken
  // back, where the record reaches so far: always to none of them, and to the latest.
  void remember();
  std::size_t changes() const { return dropped_ + earlier_.size() + latest_.size(); }
  bool reaches(std::size_t changes) const { return changes == 0 || changes >= dropped_; }
  void undo_to(std::size_t changes);
  void keep();

  Bytes used() const { return used_; }
  Bytes capacity() const { return capacity_; }

 private:
  static inline std::size_t most_changes_ = std::size_t{1} << 20;
  Bytes capacity_;
  std::size_t block_ = most_changes_;
  Bytes used_;
  std::vector<Entry> entries_;  // the last one is the list's sentinel

  std::uint32_t sentinel() const { return static_cast<std::uint32_t>(entries_.size() - 1); }
  // A change, as it is taken back.
  struct Change {
    enum class Kind : std::uint8_t { moved, inserted, evicted, grown, dirtied } kind;
    bool dirty = false;  // evicted
    std::uint32_t index = 0;
    std::uint32_t newer = 0;  // moved, grown: whom it stood behind
    Bytes bytes{};            // evicted, grown: what it held
    Femtoseconds ready = 0;   // evicted
  };
  bool remembers_ = false;
  std::vector<Change> earlier_, latest_;  // a block each
  std::size_t dropped_ = 0;               // before those
  std::vector<Entry> at_first_;           // where some were dropped: as it was before all of them
  Bytes used_at_first_;

  void record(const Change& change) {
    if (remembers_) latest_.push_back(change);
  }
  // Before an operation: a full block makes way.
  void bound_record() {
    if (latest_.size() >= block_) drop_earlier();
  }
  void drop_earlier();
  void take_back(const Change& change);
  void forget_changes();
  void unlink(std::uint32_t index);
  void link_behind(std::uint32_t index, std::uint32_t newer);
  void link_newest(std::uint32_t index);
  Bytes make_room(Bytes bytes);
};

}  // namespace orrery
