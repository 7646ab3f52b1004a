#include "sim/serve/host_blocks.h"

namespace orrery {

void HostBlocks::touch(std::uint64_t key) {
  order_.splice(order_.end(), order_, found_.at(key));
}

bool HostBlocks::put(std::uint64_t key) {
  if (has(key)) {
    touch(key);
    return false;
  }
  if (used() == blocks_) {
    if (found_.empty()) return false;
    drop_oldest();
  }
  found_.emplace(key, order_.insert(order_.end(), key));
  return true;
}

bool HostBlocks::keep(std::uint64_t count) {
  if (kept_ + count > blocks_) return false;
  while (used() + count > blocks_) drop_oldest();
  kept_ += count;
  return true;
}

void HostBlocks::drop_oldest() {
  found_.erase(order_.front());
  order_.pop_front();
}

}  // namespace orrery
