#include "models/memory/tile_lru.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace orrery {

void TileLru::begin(std::uint32_t entries) {
  entries_.assign(entries + std::size_t{1}, Entry{});
  entries_.back().newer = entries_.back().older = sentinel();
  used_ = {};
  forget_changes();
}

void TileLru::unlink(std::uint32_t index) {
  Entry& e = entries_[index];
  entries_[e.newer].older = e.older;
  entries_[e.older].newer = e.newer;
}

void TileLru::link_behind(std::uint32_t index, std::uint32_t newer) {
  Entry& e = entries_[index];
  Entry& before = entries_[newer];
  e.newer = newer;
  e.older = before.older;
  entries_[before.older].newer = index;
  before.older = index;
}

// The sentinel's `older` is the newest entry, its `newer` the oldest.
void TileLru::link_newest(std::uint32_t index) {
  link_behind(index, sentinel());
}

void TileLru::touch(std::uint32_t index) {
  if (entries_[sentinel()].older == index) return;
  bound_record();
  record({Change::Kind::moved, false, index, entries_[index].newer});
  unlink(index);
  link_newest(index);
}

Bytes TileLru::make_room(Bytes bytes) {
  Bytes dirty;
  while (used_ + bytes > capacity_ && entries_[sentinel()].newer != sentinel()) {
    const std::uint32_t oldest = entries_[sentinel()].newer;
    Entry& e = entries_[oldest];
    record({Change::Kind::evicted, e.dirty, oldest, 0, e.bytes, e.ready});
    unlink(oldest);
    used_ -= e.bytes;
    if (e.dirty) dirty += e.bytes;
    e = Entry{};
  }
  return dirty;
}

Bytes TileLru::insert(std::uint32_t index, Bytes bytes) {
  bound_record();
  const Bytes dirty = make_room(bytes);
  Entry& e = entries_[index];
  e.bytes = bytes;
  used_ += bytes;
  link_newest(index);
  record({Change::Kind::inserted, false, index});
  return dirty;
}

void TileLru::mark_dirty(std::uint32_t index) {
  if (entries_[index].dirty) return;
  bound_record();
  entries_[index].dirty = true;
  record({Change::Kind::dirtied, false, index});
}

void TileLru::remember() {
  remembers_ = true;
  latest_.reserve(block_);
}

void TileLru::keep() {
  forget_changes();
}

void TileLru::forget_changes() {
  remembers_ = false;
  latest_.clear();
  earlier_.clear();
  at_first_ = {};
  dropped_ = 0;
}

void TileLru::drop_earlier() {
  if (dropped_ == 0 && !earlier_.empty()) {
    at_first_ = entries_;
    used_at_first_ = used_;
    for (auto change = latest_.rbegin(); change != latest_.rend(); ++change) take_back(*change);
    for (auto change = earlier_.rbegin(); change != earlier_.rend(); ++change) take_back(*change);
    std::swap_ranges(entries_.begin(), entries_.end(), at_first_.begin());  // where callers have them
    std::swap(used_at_first_, used_);
  }
  dropped_ += earlier_.size();
  std::swap(earlier_, latest_);
  latest_.clear();
  latest_.reserve(block_);
}

void TileLru::undo_to(std::size_t changes) {
  assert(reaches(changes));
  if (changes < dropped_) {
    std::copy(at_first_.begin(), at_first_.end(), entries_.begin());
    used_ = used_at_first_;
    earlier_.clear();
    latest_.clear();
    dropped_ = 0;
    return;
  }
  while (this->changes() > changes) {
    if (latest_.empty()) std::swap(earlier_, latest_);
    take_back(latest_.back());
    latest_.pop_back();
  }
}

void TileLru::take_back(const Change& change) {
  Entry& e = entries_[change.index];
  switch (change.kind) {
    case Change::Kind::moved:
      unlink(change.index);
      link_behind(change.index, change.newer);
      break;
    case Change::Kind::inserted:
      unlink(change.index);
      used_ -= e.bytes;
      e = Entry{};
      break;
    case Change::Kind::evicted:
      e.bytes = change.bytes;
      e.ready = change.ready;
      e.dirty = change.dirty;
      used_ += e.bytes;
      link_behind(change.index, entries_[sentinel()].newer);
      break;
    case Change::Kind::grown:
      unlink(change.index);
      used_ -= e.bytes;
      e.bytes = change.bytes;
      used_ += e.bytes;
      link_behind(change.index, change.newer);
      break;
    case Change::Kind::dirtied:
      e.dirty = false;
      break;
  }
}

void TileLru::insert_oldest(std::uint32_t index, Bytes bytes) {
  Entry& e = entries_[index];
  Entry& head = entries_[sentinel()];
  e.bytes = bytes;
  used_ += bytes;
  e.older = sentinel();
  e.newer = head.newer;
  entries_[head.newer].older = index;
  head.newer = index;
}

Bytes TileLru::grow(std::uint32_t index, Bytes bytes) {
  bound_record();
  Entry& e = entries_[index];
  // Out of the list while room is made: it cannot be its own victim.
  record({Change::Kind::grown, false, index, e.newer, e.bytes});
  unlink(index);
  used_ -= e.bytes;
  const Bytes held = e.bytes + bytes;
  const Bytes dirty = make_room(held);
  e.bytes = held;
  used_ += held;
  link_newest(index);
  return dirty;
}

}  // namespace orrery
