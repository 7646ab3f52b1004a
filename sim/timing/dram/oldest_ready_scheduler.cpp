#include "sim/timing/dram/oldest_ready_scheduler.h"

#include <algorithm>

namespace orrery {

OldestReadyScheduler::OldestReadyScheduler(const DramDevice& device, DramSink& sink)
    : DramScheduler(device, sink),
      banks_(device.all_banks()),
      split_bus_(device.bus.split),
      closed_page_(policy_.page_policy == DramPagePolicy::closed) {
  for (Bank& b : banks_) {
    b.waiting[0].reserve(policy_.read_queue);
    b.waiting[1].reserve(policy_.write_queue);
  }
  for (int w = 0; w < 2; ++w) {
    busy_[w].reserve(banks_.size());
    busy_at_[w].resize(banks_.size());
  }
  owned_.reserve(banks_.size());
}

void OldestReadyScheduler::add(DramRequest request) {
  request.order = arrivals_++;
  auto& queue = banks_[request.bank].waiting[request.write];
  if (queue.empty()) {
    busy_at_[request.write][request.bank] = static_cast<std::uint32_t>(busy_[request.write].size());
    busy_[request.write].push_back(request.bank);
  }
  queue.push_back(request);
  ++waiting_[request.write];
}

bool OldestReadyScheduler::write_queued(const DramRequest& request) const {
  const auto& queue = banks_[request.bank].waiting[1];
  return std::any_of(queue.begin(), queue.end(), [&](const DramRequest& r) { return r.same_burst(request); });
}

void OldestReadyScheduler::remove(std::uint32_t bank, bool write, std::size_t index) {
  auto& queue = banks_[bank].waiting[write];
  queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(index));
  --waiting_[write];
  if (!queue.empty()) return;
  auto& busy = busy_[write];
  const std::uint32_t place = busy_at_[write][bank];
  busy[place] = busy.back();
  busy_at_[write][busy[place]] = place;
  busy.pop_back();
}

void OldestReadyScheduler::update_mode() {
  const auto writes = static_cast<double>(waiting_[1]);
  if (!write_mode_) {
    write_mode_ = writes > policy_.write_high * policy_.write_queue ||
                  (waiting_[0] == 0 && waiting_[1] > 0 && waiting_[1] >= policy_.write_idle);
  } else {
    write_mode_ = writes > 0 && (writes >= policy_.write_low * policy_.write_queue || waiting_[0] == 0);
  }
}

void OldestReadyScheduler::consider(DramTick t, DramTick now, const Choice& candidate, Choice& best,
                                    DramTick& next) const {
  if (t > now) {
    next = std::min(next, t);
  } else if (!best.found || candidate.order < best.order) {
    best = candidate;
  }
}

void OldestReadyScheduler::choose_owner(DramTick now, Choice& column, DramTick& next) {
  for (const std::uint32_t b : owned_) {
    const DramRequest& r = banks_[b].owner;
    const DramCommand c = r.write ? DramCommand::write : DramCommand::read;
    consider(on_edge(timing_.earliest(c, b), now), now, {true, true, c, b, 0, r.order}, column, next);
  }
}

void OldestReadyScheduler::choose(bool writes, DramTick now, Choice& column, Choice& row, DramTick& next) {
  for (const std::uint32_t b : busy_[writes]) {
    if (refresh_.pending() && refresh_.blocks(b)) continue;
    const auto& queue = banks_[b].waiting[writes];
    const DramRequest& oldest = queue.front();
    const std::int64_t open = timing_.open_row(b);
    if (open == DramTimingState::kClosed) {
      const DramTick t = timing_.earliest(DramCommand::activate, b);
      consider(on_edge(t, now), now, {true, false, DramCommand::activate, b, 0, oldest.order}, row, next);
      continue;
    }
    std::size_t hit = 0;
    while (hit < queue.size() && queue[hit].row != open) ++hit;
    const bool capped = hit > 0 && policy_.row_hit_cap > 0 && timing_.hits(b) >= policy_.row_hit_cap;
    if (hit < queue.size() && !capped) {
      const DramCommand c = writes ? DramCommand::write : DramCommand::read;
      const DramTick t = timing_.earliest(c, b);
      consider(on_edge(t, now), now, {true, false, c, b, hit, queue[hit].order}, column, next);
    }
    if (hit > 0 && !banks_[b].owned) {
      const DramTick t = timing_.earliest(DramCommand::precharge, b);
      consider(t, now, {true, false, DramCommand::precharge, b, 0, oldest.order}, row, next);
    }
  }
}

bool OldestReadyScheduler::row_wanted(std::uint32_t bank, std::uint32_t row) const {
  for (const auto& queue : banks_[bank].waiting) {
    for (const DramRequest& r : queue) {
      if (r.row == row) return true;
    }
  }
  return false;
}

void OldestReadyScheduler::issue(const Choice& choice, DramTick now) {
  Bank& bank = banks_[choice.bank];
  if (choice.owner) {
    issue_column(bank.owner, now);
    bank.owned = false;
    owned_.erase(std::find(owned_.begin(), owned_.end(), choice.bank));
    --owners_;
    if (closed_page_ && !row_wanted(choice.bank, bank.owner.row))
      timing_.auto_precharge(choice.bank, now, bank.owner.write);
    return;
  }
  const bool writes = write_mode_;
  const DramRequest request = bank.waiting[writes][choice.index];
  if (choice.command == DramCommand::read || choice.command == DramCommand::write) {
    issue_column(request, now);
    remove(choice.bank, writes, choice.index);
    if (closed_page_ && !bank.owned && !row_wanted(choice.bank, request.row))
      timing_.auto_precharge(choice.bank, now, request.write);
    return;
  }
  issue_row(choice.command, request, now);
  if (choice.command == DramCommand::activate) {
    bank.owner = request;
    bank.owned = true;
    owned_.push_back(choice.bank);
    ++owners_;
    remove(choice.bank, writes, choice.index);
  }
}

DramTick OldestReadyScheduler::step(DramTick now) {
  refresh_.collect(now);
  DramTick next = refresh_.next_due();
  Choice owner;
  Choice column;
  Choice row;
  choose_owner(now, owner, next);
  update_mode();
  // An all-bank refresh that is due keeps new work out of the whole channel; a bank's only out of the bank.
  if (!refresh_.pending() || refresh_.per_bank()) choose(write_mode_, now, column, row, next);
  const auto may_close = [this](std::uint32_t b) { return !banks_[b].owned; };
  if (split_bus_) {
    bool issued = false;
    if (owner.found || column.found) {
      issue(owner.found ? owner : column, now);
      issued = true;
    }
    if (refresh_.pending() && refresh_.issue(now, timing_, counts_, may_close, next)) return now + 1;
    // The column command may have moved what the row command has to wait for.
    if (row.found && timing_.earliest(row.command, row.bank) <= now) {
      issue(row, now);
      issued = true;
    }
    return issued ? now + 1 : next;
  }
  if (owner.found) {
    issue(owner, now);
    return now + 1;
  }
  if (refresh_.pending() && refresh_.issue(now, timing_, counts_, may_close, next)) return now + 1;
  if (!column.found && !row.found) return next;
  issue(!row.found || (column.found && column.order < row.order) ? column : row, now);
  return now + 1;
}

}  // namespace orrery
