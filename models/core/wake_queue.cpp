#include "models/core/wake_queue.h"

#include <algorithm>

namespace orrery {

WakeQueue::WakeQueue(const sc_core::sc_module_name& name, std::uint32_t sources)
    : sc_module(name), clients_(sources, nullptr) {
  while (leaves_ < sources) leaves_ *= 2;
  first_.resize(2 * leaves_);
  for (std::uint32_t i = 0; i < leaves_; ++i) first_[leaves_ + i].source = i;
  for (std::uint32_t node = leaves_ - 1; node > 0; --node) first_[node] = first_[2 * node];
  SC_HAS_PROCESS(WakeQueue);
  SC_METHOD(run);
  sensitive << event_;
  dont_initialize();
}

void WakeQueue::connect(std::uint32_t source, WakeClient& client) {
  clients_[source] = &client;
}

void WakeQueue::set(std::uint32_t source, Femtoseconds at) {
  std::uint32_t node = leaves_ + source;
  first_[node].at = at;
  while (node > 1) {
    const Wake& mine = first_[node];
    const Wake& other = first_[node ^ 1];
    node /= 2;
    const Wake& winner = other.at < mine.at ? other : mine;
    // Above, nothing has changed where another one wins again.
    if (winner.source != source && first_[node].source == winner.source) return;
    first_[node] = winner;
  }
}

void WakeQueue::arm(std::uint32_t source, Femtoseconds t, Femtoseconds now) {
  set(source, std::max(wake_time(t, source), now));
  if (!running_) notify();
  rearmed_ = rearmed_ || source == awake_;
}

// The event follows the earliest of all.
void WakeQueue::notify() {
  const Femtoseconds first = first_[1].at;
  if (first == armed_) return;
  armed_ = first;
  event_.cancel();
  if (first != kNever) event_.notify(fs_time(std::max(first, now_fs()) - now_fs()));
}

void WakeQueue::run() {
  running_ = true;
  armed_ = kNever;
  const Femtoseconds end = (now_fs() / kWakeGrid + 1) * kWakeGrid;
  while (true) {
    const Wake next = first_[1];
    if (next.at >= end) break;
    awake_ = next.source;
    rearmed_ = false;
    clients_[next.source]->wake(next.at);
    if (!rearmed_) set(next.source, kNever);
  }
  running_ = false;
  notify();
}

}  // namespace orrery
