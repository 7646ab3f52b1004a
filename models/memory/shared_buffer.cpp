#include "models/memory/shared_buffer.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr std::uint64_t kForeignChunkBytes = 256 * kKiB;  // how finely other tensors' data is evicted

}  // namespace

SharedBuffer::SharedBuffer(const sc_core::sc_module_name& name, const SharedBufferSpec& spec,
                           const ClockDomain& clock, ActivityCounts& counts)
    : sc_module(name),
      spec_(spec),
      fs_per_byte_(clock.fs_per_cycle() / (spec.bytes_per_cycle * spec.sustained_share)),
      latency_(from_ns(spec.latency_ns)),
      counts_(counts),
      tiles_(spec.size_bytes) {
  port.bind(*this);
}

Femtoseconds SharedBuffer::service(std::uint64_t bytes) const {
  return static_cast<Femtoseconds>(std::ceil(static_cast<double>(bytes) * fs_per_byte_));
}

void SharedBuffer::begin(const std::vector<TileRange>& ranges, std::uint64_t foreign_dirty_bytes) {
  ranges_ = ranges;
  foreign_begin_ = 0;
  for (const TileRange& range : ranges) foreign_begin_ += range.tiles;
  const auto chunks = static_cast<std::uint32_t>(ceil_div(foreign_dirty_bytes, kForeignChunkBytes));
  entries_ = foreign_begin_ + chunks;
  tiles_.begin(entries_);
  for (std::uint32_t i = 0; i < chunks; ++i) {
    const std::uint64_t bytes = std::min(kForeignChunkBytes, foreign_dirty_bytes - i * kForeignChunkBytes);
    if (bytes > tiles_.capacity() - tiles_.used()) break;
    tiles_.insert(foreign_begin_ + i, bytes);
    tiles_[foreign_begin_ + i].dirty = true;
  }
  std::uint32_t first = 0;
  for (const TileRange& range : ranges) {
    const std::uint64_t room = tiles_.capacity() - tiles_.used();
    const std::uint64_t fitting =
        std::min(range.resident_bytes, room) / std::max<std::uint64_t>(range.tile_bytes, 1);
    const auto resident = static_cast<std::uint32_t>(std::min<std::uint64_t>(fitting, range.tiles));
    for (std::uint32_t i = range.tiles - resident; i < range.tiles; ++i) {
      tiles_.insert(first + i, range.tile_bytes);
      tiles_[first + i].dirty = range.dirty;
    }
    first += range.tiles;
  }
}

void SharedBuffer::write_back(std::uint64_t bytes, Femtoseconds t) {
  if (bytes == 0) return;
  counts_.shared_writeback_bytes += bytes;
  Granule granule;
  granule.bytes = bytes;
  granule.write = true;
  memory->reserve(granule, t);
}

Reservation SharedBuffer::reserve(const Granule& granule, Femtoseconds t) {
  return granule.write ? write(granule, t) : read(granule, t);
}

Reservation SharedBuffer::read(const Granule& granule, Femtoseconds t) {
  counts_.shared_read_bytes += granule.bytes;
  const Femtoseconds finish = slices_.reserve(t, service(granule.bytes));
  const bool bypass = granule.entry == kNoEntry || granule.tile_bytes > tiles_.capacity();
  if (!bypass && tiles_.holds(granule.entry) &&
      tiles_[granule.entry].bytes >= granule.offset + granule.bytes) {
    tiles_.touch(granule.entry);
    const Femtoseconds ready = tiles_[granule.entry].ready;
    if (ready > finish) return {ready, latency_, TimeCategory::dram};
    return {finish, latency_, TimeCategory::shared};
  }
  counts_.shared_fill_bytes += granule.bytes;
  Reservation fill = memory->reserve(granule, t);
  if (!bypass) {
    const std::uint64_t dirty = tiles_.holds(granule.entry) ? tiles_.grow(granule.entry, granule.bytes)
                                                            : tiles_.insert(granule.entry, granule.bytes);
    write_back(dirty, t);
    tiles_[granule.entry].ready = fill.done();
  }
  if (finish > fill.finish) fill = {finish, fill.latency, TimeCategory::shared};
  fill.latency += latency_;
  return fill;
}

Reservation SharedBuffer::write(const Granule& granule, Femtoseconds t) {
  counts_.shared_write_bytes += granule.bytes;
  const Femtoseconds finish = slices_.reserve(t, service(granule.bytes));
  if (granule.entry == kNoEntry || granule.tile_bytes > tiles_.capacity()) {
    counts_.shared_writeback_bytes += granule.bytes;
    Reservation stored = memory->reserve(granule, t);
    if (finish > stored.finish) stored = {finish, stored.latency, TimeCategory::shared};
    stored.latency += latency_;
    return stored;
  }
  if (!tiles_.holds(granule.entry)) {
    write_back(tiles_.insert(granule.entry, granule.bytes), t);
  } else if (tiles_[granule.entry].bytes < granule.offset + granule.bytes) {
    write_back(tiles_.grow(granule.entry, granule.bytes), t);
  } else {
    tiles_.touch(granule.entry);
  }
  tiles_[granule.entry].dirty = true;
  return {finish, latency_, TimeCategory::shared};
}

ResidentTensor SharedBuffer::resident(std::size_t index) const {
  std::uint32_t first = 0;
  for (std::size_t i = 0; i < index; ++i) first += ranges_[i].tiles;
  ResidentTensor held{ranges_[index].tensor, 0, 0};
  for (std::uint32_t i = first; i < first + ranges_[index].tiles; ++i) {
    held.bytes += tiles_[i].bytes;
    if (tiles_[i].dirty) held.dirty_bytes += tiles_[i].bytes;
  }
  return held;
}

std::uint64_t SharedBuffer::foreign_dirty_bytes() const {
  std::uint64_t bytes = 0;
  for (std::uint32_t i = foreign_begin_; i < entries_; ++i) bytes += tiles_[i].bytes;
  return bytes;
}

}  // namespace orrery
