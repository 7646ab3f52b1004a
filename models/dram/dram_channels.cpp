#include "models/dram/dram_channels.h"

#include <algorithm>

namespace orrery {

Femtoseconds DramChannels::reserve_all(Femtoseconds t, Femtoseconds service) {
  if (level_) {
    common_ = std::max(t, common_) + service;
    return common_;
  }
  Femtoseconds first = INT64_MAX;
  Femtoseconds last = 0;
  for (Femtoseconds& free : free_at_) {
    free = std::max(t, free) + service;
    first = std::min(first, free);
    last = std::max(last, free);
  }
  if (first == last) {
    level_ = true;
    common_ = last;
  }
  return last;
}

Femtoseconds DramChannels::reserve_one(ChannelId channel, Femtoseconds t, Femtoseconds service) {
  if (level_) {
    std::fill(free_at_.begin(), free_at_.end(), common_);
    level_ = free_at_.size() == 1;
  }
  Femtoseconds& free = free_at_[channel.value];
  free = std::max(t, free) + service;
  if (level_) common_ = free;
  return free;
}

Femtoseconds DramChannels::free_at() const {
  return level_ ? common_ : *std::max_element(free_at_.begin(), free_at_.end());
}

void DramChannels::reset() {
  level_ = true;
  common_ = 0;
}

}  // namespace orrery
