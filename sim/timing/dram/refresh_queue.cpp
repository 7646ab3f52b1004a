#include "sim/timing/dram/refresh_queue.h"

#include <algorithm>

namespace orrery {

RefreshQueue::RefreshQueue(const DramDevice& device, std::uint32_t ticks_per_clock)
    : per_bank_(device.refresh == DramRefresh::per_bank),
      scopes_(device.pseudo_channels),
      banks_(device.banks()),
      interval_(DramTick{per_bank_ ? device.timing.trefi_pb : device.timing.trefi} * ticks_per_clock),
      next_due_(interval_) {
  due_.reserve(64);
}

void RefreshQueue::queue_due(DramTick now) {
  while (next_due_ <= now) {
    for (std::uint32_t s = 0; s < scopes_; ++s) due_.push_back(per_bank_ ? s * banks_ + next_bank_ : s);
    next_bank_ = (next_bank_ + 1) % banks_;
    next_due_ += interval_;
  }
}

void RefreshQueue::pop() {
  if (++head_ == due_.size()) {
    due_.clear();
    head_ = 0;
  }
}

bool RefreshQueue::blocks(std::uint32_t bank) const {
  const std::uint32_t name = per_bank_ ? bank : bank / banks_;
  return std::find(due_.begin() + static_cast<std::ptrdiff_t>(head_), due_.end(), name) != due_.end();
}

}  // namespace orrery
