#include "sim/timing/dram/bank_round_robin_scheduler.h"

#include <algorithm>

namespace orrery {

BankRoundRobinScheduler::BankRoundRobinScheduler(const DramDevice& device, DramSink& sink)
    : DramScheduler(device, sink),
      banks_(device.all_banks()),
      split_bus_(device.bus.split),
      closed_page_(policy_.page_policy == DramPagePolicy::closed) {
  waiting_[0].reserve(policy_.read_queue);
  waiting_[1].reserve(policy_.write_queue);
  for (auto& queue : banks_) queue.reserve(policy_.bank_queue);
}

void BankRoundRobinScheduler::add(DramRequest request) {
  request.order = arrivals_++;
  waiting_[request.write].push_back(request);
}

bool BankRoundRobinScheduler::write_queued(const DramRequest& request) const {
  const auto same = [&](const DramRequest& r) { return r.write && r.same_burst(request); };
  const auto& queue = banks_[request.bank];
  return std::any_of(waiting_[1].begin(), waiting_[1].end(), same) ||
         std::any_of(queue.begin(), queue.end(), same);
}

bool BankRoundRobinScheduler::move_one(DramTick now, DramTick& next) {
  if (draining_ == 0) {
    const std::size_t writes = waiting_[1].size();
    const bool no_reads = waiting_[0].empty() && queued_ == 0;
    if (static_cast<double>(writes) >= policy_.write_high * policy_.write_queue ||
        (no_reads && writes > 0 && writes >= policy_.write_idle)) {
      draining_ = writes;
    }
  }
  auto& queue = waiting_[draining_ > 0];
  for (std::size_t i = 0; i < queue.size(); ++i) {
    if (queue[i].arrived >= now) {
      next = std::min(next, queue[i].arrived + 1);
      return false;
    }
    auto& bank = banks_[queue[i].bank];
    if (bank.size() >= policy_.bank_queue) continue;
    bank.push_back(queue[i]);
    ++queued_;
    if (queue[i].write) --draining_;
    queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(i));
    return true;
  }
  return false;
}

BankRoundRobinScheduler::Slot BankRoundRobinScheduler::issue_bank(std::uint32_t bank, DramTick now,
                                                                  Slot taken, DramTick& next) {
  auto& queue = banks_[bank];
  const std::int64_t open = timing_.open_row(bank);
  if (open == DramTimingState::kClosed) {
    const DramTick t = on_edge(timing_.earliest(DramCommand::activate, bank), now);
    if (t > now) next = std::min(next, t);
    if (t > now || taken == Slot::row) return Slot::none;
    issue_row(DramCommand::activate, queue.front(), now);
    return Slot::row;
  }
  const bool head_hits = queue.front().row == open;
  bool hit_queued = head_hits;
  for (std::size_t i = 0; i < queue.size(); ++i) {
    if (queue[i].row != open) continue;
    hit_queued = true;
    const DramRequest request = queue[i];
    const DramTick t =
        on_edge(timing_.earliest(request.write ? DramCommand::write : DramCommand::read, bank), now);
    if (t > now) {
      next = std::min(next, t);
      continue;  // a command the other way may be possible
    }
    if (taken == Slot::column) break;
    queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(i));
    --queued_;
    issue_column(request, now);
    if (closed_page_ &&
        std::none_of(queue.begin(), queue.end(), [&](const DramRequest& r) { return r.row == request.row; }))
      timing_.auto_precharge(bank, now, request.write);
    return Slot::column;
  }
  if (head_hits) return Slot::none;
  if (hit_queued && (policy_.row_hit_cap == 0 || timing_.hits(bank) < policy_.row_hit_cap)) return Slot::none;
  const DramTick t = timing_.earliest(DramCommand::precharge, bank);
  if (t > now) next = std::min(next, t);
  if (t > now || taken == Slot::row) return Slot::none;
  issue_row(DramCommand::precharge, queue.front(), now);
  return Slot::row;
}

BankRoundRobinScheduler::Slot BankRoundRobinScheduler::issue_next(DramTick now, Slot taken, DramTick& next) {
  const auto banks = static_cast<std::uint32_t>(banks_.size());
  for (std::uint32_t i = 0; i < banks; ++i) {
    turn_ = turn_ + 1 == banks ? 0 : turn_ + 1;
    if (banks_[turn_].empty() || (refresh_.pending() && refresh_.blocks(turn_))) continue;
    const Slot slot = issue_bank(turn_, now, taken, next);
    if (slot != Slot::none) return slot;
  }
  return Slot::none;
}

DramTick BankRoundRobinScheduler::step(DramTick now) {
  refresh_.collect(now);
  DramTick next = refresh_.next_due();
  bool acted = move_one(now, next);
  Slot first = Slot::none;
  if (refresh_.pending() && refresh_.issue(
                                now, timing_, counts_, [](std::uint32_t) { return true; }, next)) {
    first = Slot::row;
  } else {
    first = issue_next(now, Slot::none, next);
  }
  acted = acted || first != Slot::none;
  if (split_bus_ && first != Slot::none) issue_next(now, first, next);
  return acted ? now + 1 : next;
}

}  // namespace orrery
