#include "models/memory/shared_levels.h"

#include <algorithm>
#include <string>

namespace orrery {

SharedLevels::SharedLevels(const std::vector<SharedBufferSpec>& specs, GranuleInterface& dram,
                           const ClockDomain& clock, ActivityCounts& counts) {
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const bool outermost = i + 1 == specs.size();
    const std::string name = i == 0 ? "shared_buffer" : "outer_buffer" + std::to_string(i);
    levels_.push_back(std::make_unique<SharedBuffer>(name.c_str(), specs[i], clock, counts,
                                                     i == 0 ? kInnerCounters : kOuterCounters, !outermost));
  }
  for (std::size_t i = 0; i + 1 < levels_.size(); ++i) levels_[i]->memory.bind(levels_[i + 1]->port);
  levels_.back()->memory.bind(dram);
}

void SharedLevels::begin(const std::vector<TileRange>& ranges, std::uint64_t foreign_dirty_bytes) {
  levels_.back()->begin(ranges, foreign_dirty_bytes);
  if (levels_.size() == 1) return;
  std::vector<TileRange> clean = ranges;
  for (TileRange& range : clean) range.dirty_bytes = 0;
  for (std::size_t i = 0; i + 1 < levels_.size(); ++i) levels_[i]->begin(clean, 0);
}

bool SharedLevels::settled() const {
  return std::all_of(levels_.begin(), levels_.end(), [](const auto& level) { return level->settled(); });
}

void SharedLevels::reset() {
  for (const auto& level : levels_) level->reset();
}

}  // namespace orrery
