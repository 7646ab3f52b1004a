#include "models/memory/shared_levels.h"

#include <string>

namespace orrery {

SharedLevels::SharedLevels(const std::vector<SramLevelSpec>& specs, GranuleInterface& dram,
                           const ClockDomain& clock, ActivityCounts& counts) {
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const bool outermost = i + 1 == specs.size();
    const std::string name = "shared_level" + std::to_string(i);
    levels_.push_back(std::make_unique<SharedBuffer>(name.c_str(), specs[i], clock, counts, i, !outermost));
  }
  for (std::size_t i = 0; i + 1 < levels_.size(); ++i) levels_[i]->memory.bind(levels_[i + 1]->port);
  levels_.back()->memory.bind(dram);
}

void SharedLevels::begin(const std::vector<TileRange>& ranges, Bytes foreign_dirty_bytes) {
  levels_.back()->begin(ranges, foreign_dirty_bytes);
  if (levels_.size() == 1) return;
  std::vector<TileRange> clean = ranges;
  for (TileRange& range : clean) range.dirty_bytes = {};
  for (std::size_t i = 0; i + 1 < levels_.size(); ++i) levels_[i]->begin(clean, {});
}

void SharedLevels::touch(std::uint32_t entry, Bytes bytes, bool write, ActivityCounts& counts) {
  for (const auto& level : levels_) {
    const SharedBuffer::Touch touched = level->touch(entry, bytes, write, counts);
    // Inner levels write through: what has to leave is dirty in the outermost only, and goes to DRAM.
    counts.dram_write_bytes += touched.written_back.value();
    bytes = touched.passed_on;
    if (bytes == Bytes{}) return;
  }
  (write ? counts.dram_write_bytes : counts.dram_read_bytes) += bytes.value();
}

void SharedLevels::remember_touches() {
  for (const auto& level : levels_) level->tiles().remember();
}

SharedLevels::TouchPoint SharedLevels::touch_point() const {
  TouchPoint point;
  for (const auto& level : levels_) point.push_back(level->tiles().changes());
  return point;
}

bool SharedLevels::reaches(const TouchPoint& to) const {
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    if (!levels_[i]->tiles().reaches(to[i])) return false;
  }
  return true;
}

void SharedLevels::undo_touches(const TouchPoint& to) {
  for (std::size_t i = 0; i < levels_.size(); ++i) levels_[i]->tiles().undo_to(to[i]);
}

void SharedLevels::keep_touches() {
  for (const auto& level : levels_) level->tiles().keep();
}

void SharedLevels::reset() {
  for (const auto& level : levels_) level->reset();
}

}  // namespace orrery
