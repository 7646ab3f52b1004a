#include "models/memory/shared_buffer.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr Bytes kForeignChunk{256 * kKiB};  // how finely other tensors' data is evicted

}  // namespace

SharedBuffer::SharedBuffer(const sc_core::sc_module_name& name, const SramLevelSpec& spec,
                           const ClockDomain& clock, ActivityCounts& counts, std::size_t level,
                           bool write_through)
    : sc_module(name),
      spec_(spec),
      clock_(clock),
      cycles_per_byte_(1 / (spec.bytes_per_cycle * spec.sustained_share)),
      // Granules lie in all partitions: the last part comes from the far one.
      latency_(from_ns(spec.latency_ns + (spec.partitions > 1 ? spec.far_latency_ns : 0))),
      counts_(counts),
      level_(level),
      write_through_(write_through),
      tiles_(Bytes{spec.size_bytes}) {
  if (spec.partitions > 1 && spec.far_bytes_per_cycle > 0) {
    // Of each granule all but one partition's share crosses; every partition has a way in.
    const double partitions = spec.partitions;
    cycles_per_crossing_byte_ = (partitions - 1) / partitions / (partitions * spec.far_bytes_per_cycle);
  }
  port.bind(*this);
}

Femtoseconds SharedBuffer::take_slices(Bytes bytes, Femtoseconds t) {
  const Femtoseconds slices = slices_.reserve(t, service(bytes));
  if (cycles_per_crossing_byte_ == 0) return slices;
  const auto crossing = clock_.time(PartCycles{bytes.real() * cycles_per_crossing_byte_});
  return std::max(slices, crossings_.reserve(t, crossing));
}

Femtoseconds SharedBuffer::service(Bytes bytes) const {
  return clock_.time(PartCycles{bytes.real() * cycles_per_byte_});
}

// Makes the last tiles of a range resident, as far as its bytes and the room go; returns dirty bytes that
// could not be placed as whole tiles.
Bytes SharedBuffer::place(const TileRange& range, std::uint32_t first) {
  Bytes bytes = range.resident_bytes;
  Bytes dirty = range.dirty_bytes;
  std::size_t from = range.tile_bytes.size();
  Bytes room = tiles_.capacity() - tiles_.used();
  while (from > 0 && range.tile_bytes[from - 1] <= std::min(bytes, room)) {
    --from;
    bytes -= range.tile_bytes[from];
    room -= range.tile_bytes[from];
  }
  for (std::size_t i = from; i < range.tile_bytes.size(); ++i) {
    tiles_.insert(first + static_cast<std::uint32_t>(i), range.tile_bytes[i]);
  }
  for (std::size_t i = range.tile_bytes.size(); i > from && dirty >= range.tile_bytes[i - 1]; --i) {
    tiles_[first + static_cast<std::uint32_t>(i - 1)].dirty = true;
    dirty -= range.tile_bytes[i - 1];
  }
  return dirty;
}

void SharedBuffer::begin(const std::vector<TileRange>& ranges, Bytes foreign_dirty_bytes) {
  ranges_ = ranges;
  foreign_begin_ = 0;
  Bytes dirty = foreign_dirty_bytes;
  for (const TileRange& range : ranges) {
    foreign_begin_ += static_cast<std::uint32_t>(range.tile_bytes.size());
    dirty += range.dirty_bytes;  // room for what cannot be placed as whole tiles
  }
  entries_ = foreign_begin_ + static_cast<std::uint32_t>(ceil_div(dirty, kForeignChunk));
  tiles_.begin(entries_);
  Bytes foreign = foreign_dirty_bytes;
  std::uint32_t first = 0;
  for (const TileRange& range : ranges) {
    foreign += place(range, first);
    first += static_cast<std::uint32_t>(range.tile_bytes.size());
  }
  // Other tensors' data is the oldest: it goes in first from the old end.
  entries_ = foreign_begin_ + static_cast<std::uint32_t>(ceil_div(foreign, kForeignChunk));
  for (std::uint32_t i = foreign_begin_; i < entries_ && foreign > Bytes{}; ++i) {
    const Bytes bytes = std::min(kForeignChunk, foreign);
    if (bytes > tiles_.capacity() - tiles_.used()) break;
    tiles_.insert_oldest(i, bytes);
    tiles_[i].dirty = true;
    foreign -= bytes;
  }
}

Femtoseconds SharedBuffer::write_back(Bytes bytes, Femtoseconds t) {
  if (bytes == Bytes{}) return t;
  counted().writeback_bytes += bytes.value();
  Granule granule;
  granule.bytes = bytes;
  granule.write = true;
  return memory->reserve(granule, t).finish;
}

Reservation SharedBuffer::reserve(const Granule& granule, Femtoseconds t) {
  return granule.write ? write(granule, t) : read(granule, t);
}

Reservation SharedBuffer::read(const Granule& granule, Femtoseconds t) {
  counted().read_bytes += granule.bytes.value();
  const Femtoseconds finish = take_slices(granule.bytes, t);
  const bool bypass = granule.entry == kNoEntry || granule.tile_bytes > tiles_.capacity();
  if (!bypass && tiles_.holds(granule.entry) &&
      tiles_[granule.entry].bytes >= granule.offset + granule.bytes) {
    tiles_.touch(granule.entry);
    const Femtoseconds ready = tiles_[granule.entry].ready;
    if (ready > finish) return {ready, latency_, TimeCategory::dram};
    return {finish, latency_, TimeCategory::shared};
  }
  counted().fill_bytes += granule.bytes.value();
  Reservation fill = memory->reserve(granule, t);
  if (!bypass) {
    const Bytes dirty = tiles_.holds(granule.entry) ? tiles_.grow(granule.entry, granule.bytes)
                                                    : tiles_.insert(granule.entry, granule.bytes);
    fill.finish = std::max(fill.finish, write_back(dirty, t));
    tiles_[granule.entry].ready = fill.done();
  }
  if (finish > fill.finish) fill = {finish, fill.latency, TimeCategory::shared};
  fill.latency += latency_;
  return fill;
}

Reservation SharedBuffer::write(const Granule& granule, Femtoseconds t) {
  counted().write_bytes += granule.bytes.value();
  const Femtoseconds finish = take_slices(granule.bytes, t);
  if (granule.entry == kNoEntry || granule.tile_bytes > tiles_.capacity()) {
    counted().writeback_bytes += granule.bytes.value();
    Reservation stored = memory->reserve(granule, t);
    if (finish > stored.finish) stored = {finish, stored.latency, TimeCategory::shared};
    stored.latency += latency_;
    return stored;
  }
  Bytes dirty;
  if (!tiles_.holds(granule.entry)) {
    dirty = tiles_.insert(granule.entry, granule.bytes);
  } else if (tiles_[granule.entry].bytes < granule.offset + granule.bytes) {
    dirty = tiles_.grow(granule.entry, granule.bytes);
  } else {
    tiles_.touch(granule.entry);
  }
  // Room is made first: what leaves must be taken by the DRAM's write queue.
  Femtoseconds room = write_back(dirty, t);
  if (write_through_) {
    counted().writeback_bytes += granule.bytes.value();
    room = std::max(room, memory->reserve(granule, t).finish);
  } else {
    tiles_.mark_dirty(granule.entry);
  }
  if (room > finish) return {room, latency_, TimeCategory::dram};
  return {finish, latency_, TimeCategory::shared};
}

SharedBuffer::Touch SharedBuffer::touch(std::uint32_t entry, Bytes bytes, bool write,
                                        ActivityCounts& counts) {
  LevelCounts& level = counts.levels[level_];
  (write ? level.write_bytes : level.read_bytes) += bytes.value();
  Touch result;
  if (entry == kNoEntry || bytes > tiles_.capacity()) {
    result.passed_on = bytes;
  } else {
    Bytes dirty;
    if (!tiles_.holds(entry)) {
      dirty = tiles_.insert(entry, bytes);
      if (!write) result.passed_on = bytes;
    } else if (tiles_[entry].bytes < bytes) {
      const Bytes more = bytes - tiles_[entry].bytes;
      dirty = tiles_.grow(entry, more);
      if (!write) result.passed_on = more;
    } else {
      tiles_.touch(entry);
    }
    if (write && write_through_) result.passed_on = bytes;
    if (write && !write_through_) tiles_.mark_dirty(entry);
    result.written_back = dirty;
  }
  (write ? level.writeback_bytes : level.fill_bytes) += result.passed_on.value();
  level.writeback_bytes += result.written_back.value();
  return result;
}

ResidentTensor SharedBuffer::resident(std::size_t index) const {
  std::uint32_t first = 0;
  for (std::size_t i = 0; i < index; ++i) first += static_cast<std::uint32_t>(ranges_[i].tile_bytes.size());
  ResidentTensor held{ranges_[index].tensor, {}, {}};
  const auto tiles = static_cast<std::uint32_t>(ranges_[index].tile_bytes.size());
  for (std::uint32_t i = first; i < first + tiles; ++i) {
    held.bytes += tiles_[i].bytes;
    if (tiles_[i].dirty) held.dirty_bytes += tiles_[i].bytes;
  }
  return held;
}

Bytes SharedBuffer::foreign_dirty_bytes() const {
  Bytes bytes;
  for (std::uint32_t i = foreign_begin_; i < entries_; ++i) bytes += tiles_[i].bytes;
  return bytes;
}

}  // namespace orrery
