#pragma once
// On-chip memories by accesses of words: per core private levels first, then levels that all cores share.
// Each bank, each link between partitions and the memory behind are calendars; lines are kept by LRU, pinned
// lines stay. A line that misses is fetched from the next level; dirty lines are written back when they
// leave. Left out: coherence between private copies (one core writes what it reads).

#include <cstdint>
#include <list>
#include <unordered_map>
#include <vector>

#include "models/core/calendar.h"
#include "sim/config/sram_spec.h"

namespace orrery {

class SramHierarchy {
 public:
  // The first `private_levels` levels exist once a core.
  SramHierarchy(const SramHierarchySpec& spec, std::uint32_t private_levels);

  // A word access by `core` at `t` (cycles, in thousandths: calendars are integer). When it is done.
  using Time = std::int64_t;
  static constexpr double kTicksPerCycle = 1000;
  Time access(std::uint32_t core, std::uint64_t address, std::uint32_t bytes, bool write, Time t);

  // Keeps the lines of a range in `level` whatever else comes. Throws ConfigError when they do not fit.
  void pin(std::size_t level, std::uint64_t address, std::uint64_t bytes);

  // All banks free now; contents stay.
  void free_calendars();

  struct LevelCounts {
    std::uint64_t hits = 0, misses = 0, write_backs = 0, bypassed = 0, far = 0;
    std::uint64_t conflict_ticks = 0;  // waited for a bank
  };
  const LevelCounts& counts(std::size_t level) const { return counts_[level]; }

 private:
  struct Line {
    std::list<std::uint64_t>::iterator place;
    bool dirty = false;
    bool pinned = false;
  };
  // One store: a private level of a core, or a shared level.
  struct Store {
    std::unordered_map<std::uint64_t, Line> lines;
    std::list<std::uint64_t> order;  // least recently used first; pinned lines are not in it
    std::vector<Calendar> banks;
    std::vector<Calendar> crossings;  // into a partition from another
    std::uint64_t capacity = 0;       // lines
  };

  // What a level's accesses take, in ticks.
  struct Latency {
    Time near = 0, far = 0;  // the way to another partition on top
  };

  SramHierarchySpec spec_;
  std::vector<Latency> latency_;  // by level
  std::uint32_t private_levels_;
  std::vector<std::vector<Store>> stores_;  // [level][core or 0]
  Calendar memory_;
  std::vector<LevelCounts> counts_;

  Store& store_of(std::size_t level, std::uint32_t core) {
    return stores_[level][level < private_levels_ ? core : 0];
  }
  Time visit(std::size_t level, std::uint32_t core, std::uint64_t address, std::uint32_t bytes, bool write,
             Time t);
  Time take_bank(std::size_t level, std::uint32_t core, std::uint64_t address, std::uint32_t bytes, Time t);
  void make_room(std::size_t level, std::uint32_t core, Store& store, Time t);
};

}  // namespace orrery
