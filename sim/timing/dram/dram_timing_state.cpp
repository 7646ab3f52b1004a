#include "sim/timing/dram/dram_timing_state.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr std::size_t at(DramCommand c) {
  return static_cast<std::size_t>(c);
}

}  // namespace

DramTimingState::DramTimingState(const DramDevice& device)
    : ticks_per_clock_(device.bus.half_clock_rows ? 2 : 1),
      per_pseudo_channel_(device.banks()),
      ranks_per_channel_(device.ranks),
      split_bus_(device.bus.split),
      banks_(device.all_banks()),
      groups_(std::size_t{device.pseudo_channels} * device.ranks * device.bank_groups),
      ranks_(std::size_t{device.pseudo_channels} * device.ranks),
      pseudo_channels_(device.pseudo_channels),
      open_banks_(device.pseudo_channels),
      opened_at_(device.pseudo_channels),
      stacked_(device.stacked) {
  using C = DramCommand;
  windows_.resize(stacked_ ? device.pseudo_channels : ranks_.size());
  for (std::uint32_t b = 0; b < banks_.size(); ++b) {
    banks_[b].group = b / device.banks_per_group;
    banks_[b].rank = banks_[b].group / device.bank_groups;
    banks_[b].pseudo_channel = banks_[b].rank / device.ranks;
  }
  const auto ticks = [&](double clocks) { return static_cast<DramTick>(clocks * ticks_per_clock_ + 0.5); };
  bus_ticks_[at(C::activate)] = ticks(device.bus.act_clocks);
  bus_ticks_[at(C::precharge)] = ticks(device.bus.precharge_clocks);
  bus_ticks_[at(C::read)] = bus_ticks_[at(C::write)] = ticks(device.bus.column_clocks);
  bus_ticks_[at(C::refresh)] = bus_ticks_[at(C::precharge)];

  const DramTimings& t = device.timing;
  const std::uint32_t bl = device.burst_clocks;
  const std::uint32_t write_to_precharge = t.cwl + bl + t.twr;
  set(bank_spacing_, C::activate, C::activate, t.trc);
  set(bank_spacing_, C::activate, C::read, t.trcd_rd);
  set(bank_spacing_, C::activate, C::write, t.trcd_wr);
  set(bank_spacing_, C::activate, C::precharge, t.tras);
  set(bank_spacing_, C::activate, C::refresh, t.trc);
  set(bank_spacing_, C::precharge, C::activate, t.trp);
  set(bank_spacing_, C::precharge, C::refresh, t.trp);
  set(bank_spacing_, C::read, C::precharge, t.trtp);
  set(bank_spacing_, C::write, C::precharge, write_to_precharge);

  set(group_spacing_, C::activate, C::activate, t.trrd_l);
  set(group_spacing_, C::read, C::read, t.tccd_l);
  set(group_spacing_, C::write, C::write, t.tccd_l_wr);
  set(group_spacing_, C::write, C::read, t.cwl + bl + t.twtr_l);

  // Within a rank. Stack IDs share activate spacing and turnaround, ranks only the data bus.
  Spacing& shared = stacked_ ? channel_spacing_ : rank_spacing_;
  set(rank_spacing_, C::read, C::read, std::max(t.tccd_s, bl));
  set(rank_spacing_, C::write, C::write, std::max(t.tccd_s_wr, bl));
  set(shared, C::activate, C::activate, t.trrd_s);
  set(shared, C::activate, C::refresh, t.trrd_s);
  set(shared, C::write, C::read, t.cwl + bl + t.twtr_s);
  if (t.tppd > 0) set(shared, C::precharge, C::precharge, t.tppd);
  set(channel_spacing_, C::read, C::write, t.trtw);
  // From one rank to another, over the data bus they share.
  const std::uint32_t across = std::max(bl, t.tccd_r);
  set(other_rank_spacing_, C::read, C::read, across);
  set(other_rank_spacing_, C::write, C::write, across);
  if (!stacked_ && t.cwl + across > t.cl) set(other_rank_spacing_, C::write, C::read, t.cwl + across - t.cl);

  faw_ = ticks(t.tfaw);
  aw32_ = ticks(t.t32aw);
  refresh_time_ = ticks(t.trfc);
  refresh_bank_time_ = ticks(t.trfc_pb);
  refresh_other_ = ticks(t.trrefd);
  read_latency_ = ticks(t.cl + bl);
  auto_read_ = ticks(t.trtp + t.trp);
  auto_write_ = ticks(write_to_precharge + t.trp);
}

void DramTimingState::set(Spacing& level, DramCommand from, DramCommand to, std::uint32_t clocks) {
  DramTick& spacing = level[at(from)][at(to)];
  const DramTick ticks =
      DramTick{clocks} * ticks_per_clock_ + (bus_ticks_[at(from)] - 1) - (bus_ticks_[at(to)] - 1);
  spacing = std::max({spacing, ticks, DramTick{1}});
}

void DramTimingState::push(Next& next, const Spacing& level, DramCommand from, DramTick t) const {
  for (std::size_t to = 0; to < kDramCommands; ++to) next[to] = std::max(next[to], t + level[at(from)][to]);
}

DramTick DramTimingState::earliest(DramCommand command, std::uint32_t bank) const {
  const std::size_t c = at(command);
  const Bank& b = banks_[bank];
  DramTick t = std::max(std::max(b.next[c], groups_[b.group][c]),
                        std::max(ranks_[b.rank][c], pseudo_channels_[b.pseudo_channel][c]));
  t = std::max(t, bus_free_[bus_of(command)]);
  if (command == DramCommand::activate) {
    const ActivateWindow& w = windows_[window_of(b)];
    if (w.count >= 4) t = std::max(t, w.times[(w.count - 4) % 32] + faw_);
    if (aw32_ > 0 && w.count >= 32) t = std::max(t, w.times[w.count % 32] + aw32_);
  }
  return t;
}

void DramTimingState::open(Bank& bank, std::int64_t row, DramTick t) {
  bank.row = row;
  bank.hits = 0;
  if (open_banks_[bank.pseudo_channel]++ == 0) opened_at_[bank.pseudo_channel] = t;
}

void DramTimingState::close(Bank& bank, DramTick t) {
  if (bank.row == kClosed) return;
  bank.row = kClosed;
  if (--open_banks_[bank.pseudo_channel] == 0) active_ticks_ += t - opened_at_[bank.pseudo_channel];
}

void DramTimingState::issue(DramCommand command, std::uint32_t bank, DramTick t, std::int64_t row) {
  Bank& b = banks_[bank];
  push(b.next, bank_spacing_, command, t);
  push(groups_[b.group], group_spacing_, command, t);
  push(ranks_[b.rank], rank_spacing_, command, t);
  push(pseudo_channels_[b.pseudo_channel], channel_spacing_, command, t);
  if (ranks_per_channel_ > 1) {
    const std::uint32_t first = b.pseudo_channel * ranks_per_channel_;
    for (std::uint32_t r = first; r < first + ranks_per_channel_; ++r) {
      if (r != b.rank) push(ranks_[r], other_rank_spacing_, command, t);
    }
  }
  bus_free_[bus_of(command)] = t + bus_ticks_[at(command)];
  switch (command) {
    case DramCommand::activate: {
      ActivateWindow& w = windows_[window_of(b)];
      w.times[w.count % 32] = t;
      // Keeps the count's low bits and "at least 32".
      w.count = w.count >= 63 ? w.count - 31 : w.count + 1;
      open(b, row, t);
      break;
    }
    case DramCommand::precharge:
      close(b, t);
      break;
    case DramCommand::read:
    case DramCommand::write:
      ++b.hits;
      break;
    case DramCommand::refresh:
      b.next[at(DramCommand::activate)] = std::max(b.next[at(DramCommand::activate)], t + refresh_bank_time_);
      for (Bank& other : banks_) {
        if (other.pseudo_channel != b.pseudo_channel) continue;
        for (const DramCommand c : {DramCommand::activate, DramCommand::refresh})
          other.next[at(c)] = std::max(other.next[at(c)], t + refresh_other_);
      }
      break;
  }
}

DramTick DramTimingState::earliest_refresh(std::uint32_t bank) const {
  return earliest(DramCommand::refresh, bank);
}

DramTick DramTimingState::earliest_precharge_all(std::uint32_t scope) const {
  DramTick t = 0;
  for (std::uint32_t b = scope * per_pseudo_channel_; b < (scope + 1) * per_pseudo_channel_; ++b) {
    if (banks_[b].row != kClosed) t = std::max(t, earliest(DramCommand::precharge, b));
  }
  return t;
}

void DramTimingState::issue_precharge_all(std::uint32_t scope, DramTick t) {
  for (std::uint32_t b = scope * per_pseudo_channel_; b < (scope + 1) * per_pseudo_channel_; ++b) {
    if (banks_[b].row != kClosed) issue(DramCommand::precharge, b, t);
  }
}

DramTick DramTimingState::earliest_refresh_all(std::uint32_t scope) const {
  DramTick t = bus_free_[0];
  for (std::uint32_t b = scope * per_pseudo_channel_; b < (scope + 1) * per_pseudo_channel_; ++b)
    t = std::max(t, banks_[b].next[at(DramCommand::refresh)]);
  return t;
}

void DramTimingState::issue_refresh_all(std::uint32_t scope, DramTick t) {
  // Activates of several clocks end after the refresh does.
  const DramTick blocked = t + refresh_time_ - (bus_ticks_[at(DramCommand::activate)] - 1);
  for (std::uint32_t b = scope * per_pseudo_channel_; b < (scope + 1) * per_pseudo_channel_; ++b) {
    banks_[b].next[at(DramCommand::activate)] = std::max(banks_[b].next[at(DramCommand::activate)], blocked);
    banks_[b].next[at(DramCommand::refresh)] =
        std::max(banks_[b].next[at(DramCommand::refresh)], t + refresh_time_);
  }
  bus_free_[0] = t + bus_ticks_[at(DramCommand::refresh)];
}

void DramTimingState::auto_precharge(std::uint32_t bank, DramTick t, bool after_write) {
  Bank& b = banks_[bank];
  const DramTick closed = t + (after_write ? auto_write_ : auto_read_);
  for (const DramCommand c : {DramCommand::activate, DramCommand::refresh})
    b.next[at(c)] = std::max(b.next[at(c)], closed);
  close(b, t);
}

DramTick DramTimingState::active_ticks(DramTick t) const {
  DramTick total = active_ticks_;
  for (std::size_t s = 0; s < open_banks_.size(); ++s) {
    if (open_banks_[s] > 0) total += t - opened_at_[s];
  }
  return total;
}

}  // namespace orrery
