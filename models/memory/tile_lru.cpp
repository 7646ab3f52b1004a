#include "models/memory/tile_lru.h"

namespace orrery {

void TileLru::begin(std::uint32_t entries) {
  entries_.assign(entries + std::size_t{1}, Entry{});
  entries_.back().newer = entries_.back().older = sentinel();
  used_ = 0;
  evictions_ = 0;
}

void TileLru::unlink(std::uint32_t index) {
  Entry& e = entries_[index];
  entries_[e.newer].older = e.older;
  entries_[e.older].newer = e.newer;
}

void TileLru::link_newest(std::uint32_t index) {
  // The sentinel's `older` is the newest entry, its `newer` the oldest.
  Entry& e = entries_[index];
  Entry& head = entries_[sentinel()];
  e.newer = sentinel();
  e.older = head.older;
  entries_[head.older].newer = index;
  head.older = index;
}

void TileLru::touch(std::uint32_t index) {
  if (entries_[sentinel()].older == index) return;
  unlink(index);
  link_newest(index);
}

std::uint64_t TileLru::make_room(std::uint64_t bytes) {
  std::uint64_t dirty = 0;
  while (used_ + bytes > capacity_ && entries_[sentinel()].newer != sentinel()) {
    const std::uint32_t oldest = entries_[sentinel()].newer;
    Entry& e = entries_[oldest];
    unlink(oldest);
    ++evictions_;
    used_ -= e.bytes;
    if (e.dirty) dirty += e.bytes;
    e = Entry{};
  }
  return dirty;
}

std::uint64_t TileLru::insert(std::uint32_t index, std::uint64_t bytes) {
  const std::uint64_t dirty = make_room(bytes);
  Entry& e = entries_[index];
  e.bytes = bytes;
  used_ += bytes;
  link_newest(index);
  return dirty;
}

void TileLru::insert_oldest(std::uint32_t index, std::uint64_t bytes) {
  Entry& e = entries_[index];
  Entry& head = entries_[sentinel()];
  e.bytes = bytes;
  used_ += bytes;
  e.older = sentinel();
  e.newer = head.newer;
  entries_[head.newer].older = index;
  head.newer = index;
}

std::uint64_t TileLru::grow(std::uint32_t index, std::uint64_t bytes) {
  Entry& e = entries_[index];
  unlink(index);
  used_ -= e.bytes;
  const std::uint64_t held = e.bytes + bytes;
  const std::uint64_t dirty = make_room(held);
  e.bytes = held;
  used_ += held;
  link_newest(index);
  return dirty;
}

}  // namespace orrery
