#include "models/memory/line_cache.h"

namespace orrery {

std::uint32_t LineCache::find(std::uint64_t address) const {
  const auto it = index_.find(address);
  return it == index_.end() ? kMissing : it->second;
}

void LineCache::unlink(std::uint32_t line) {
  Line& l = lines_[line];
  (l.newer == kMissing ? newest_ : lines_[l.newer].older) = l.older;
  (l.older == kMissing ? oldest_ : lines_[l.older].newer) = l.newer;
}

void LineCache::link_newest(std::uint32_t line) {
  lines_[line].newer = kMissing;
  lines_[line].older = newest_;
  (newest_ == kMissing ? oldest_ : lines_[newest_].newer) = line;
  newest_ = line;
}

void LineCache::link_oldest(std::uint32_t line) {
  lines_[line].older = kMissing;
  lines_[line].newer = oldest_;
  (oldest_ == kMissing ? newest_ : lines_[oldest_].older) = line;
  oldest_ = line;
}

void LineCache::touch(std::uint32_t line) {
  unlink(line);
  link_newest(line);
}

void LineCache::make_room(Bytes bytes, std::vector<EvictedLine>& evicted) {
  std::uint32_t victim = oldest_;
  while (used_ + bytes > capacity_ && victim != kMissing) {
    const std::uint32_t next = lines_[victim].newer;
    if (!lines_[victim].pending) {
      if (lines_[victim].dirty) evicted.push_back({lines_[victim].address, lines_[victim].bytes});
      used_ -= lines_[victim].bytes;
      index_.erase(lines_[victim].address);
      unlink(victim);
      free_.push_back(victim);
    }
    victim = next;
  }
}

std::uint32_t LineCache::insert(std::uint64_t address, Bytes bytes, std::vector<EvictedLine>& evicted,
                                bool oldest) {
  make_room(bytes, evicted);
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(lines_.size()));
    lines_.emplace_back();
  }
  const std::uint32_t line = free_.back();
  free_.pop_back();
  lines_[line] = Line{address, bytes};
  index_[address] = line;
  used_ += bytes;
  oldest ? link_oldest(line) : link_newest(line);
  return line;
}

void LineCache::grow(std::uint32_t line, Bytes bytes, std::vector<EvictedLine>& evicted) {
  unlink(line);  // out of reach of the eviction
  if (bytes > lines_[line].bytes) {
    const Bytes more = bytes - lines_[line].bytes;
    make_room(more, evicted);
    lines_[line].bytes = bytes;
    used_ += more;
  }
  link_newest(line);
}

void LineCache::clear() {
  index_.clear();
  lines_.clear();
  free_.clear();
  used_ = {};
  newest_ = oldest_ = kMissing;
}

}  // namespace orrery
