#pragma once
// What a cache holds, line by line (fidelity `cycle`): least recently used goes first, lines still on their
// way stay. Knows no time; whoever fills a line says when it is there.

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "sim/util/amount.h"

namespace orrery {

struct EvictedLine {
  std::uint64_t address = 0;
  Bytes bytes;
};

class LineCache {
 public:
  static constexpr std::uint32_t kMissing = UINT32_MAX;
  struct Line {
    std::uint64_t address = 0;
    Bytes bytes;  // valid ones
    bool dirty = false;
    bool pending = false;  // on its way
    std::uint32_t newer = kMissing, older = kMissing;
  };

  explicit LineCache(Bytes capacity) : capacity_(capacity) {}

  // The line that starts at `address`, or kMissing.
  std::uint32_t find(std::uint64_t address) const;
  Line& operator[](std::uint32_t line) { return lines_[line]; }
  void touch(std::uint32_t line);
  // A new line, the newest (or the `oldest`). Appends the dirty lines that had to leave to `evicted`.
  std::uint32_t insert(std::uint64_t address, Bytes bytes, std::vector<EvictedLine>& evicted,
                       bool oldest = false);
  // At least `bytes` of a line are valid from now on; it is the newest. Evicts as insert() does.
  void grow(std::uint32_t line, Bytes bytes, std::vector<EvictedLine>& evicted);
  void clear();
  Bytes used_bytes() const { return used_; }
  // Calls visit(line) for each, in no order that matters.
  template <class Visit>
  void each(Visit visit) const {
    for (std::uint32_t i = newest_; i != kMissing; i = lines_[i].older) visit(lines_[i]);
  }

 private:
  Bytes capacity_;
  Bytes used_;
  std::unordered_map<std::uint64_t, std::uint32_t> index_;
  std::vector<Line> lines_;
  std::vector<std::uint32_t> free_;
  std::uint32_t newest_ = kMissing, oldest_ = kMissing;

  void unlink(std::uint32_t line);
  void link_newest(std::uint32_t line);
  void link_oldest(std::uint32_t line);
  void make_room(Bytes bytes, std::vector<EvictedLine>& evicted);
};

}  // namespace orrery
