#pragma once
// When each DRAM command may issue next: the JEDEC constraints between commands to one bank, one bank group,
// one rank (or stack), one pseudo channel and one command bus, kept as earliest times. Times are ticks: the
// device's clocks, or half clocks where row commands use both edges. A command of several clocks is entered
// at its first; spacings count from the last clock of one to the last of the next, as JEDEC measures them.

#include <array>
#include <cstdint>
#include <vector>

#include "sim/config/dram_device.h"

namespace orrery {

using DramTick = std::int64_t;

enum class DramCommand : std::uint8_t { activate, precharge, read, write, refresh };
inline constexpr std::uint32_t kDramCommands = 5;

class DramTimingState {
 public:
  static constexpr std::int64_t kClosed = -1;

  explicit DramTimingState(const DramDevice& device);

  // Earliest tick at which `command` may issue to `bank` (flat index over the channel), bus included.
  DramTick earliest(DramCommand command, std::uint32_t bank) const;
  // Enters a command issued at `t`. `row` is what an activate opens.
  void issue(DramCommand command, std::uint32_t bank, DramTick t, std::int64_t row = kClosed);

  // A command to all banks of a pseudo channel's rank: precharge-all and refresh.
  DramTick earliest_precharge_all(std::uint32_t scope) const;
  DramTick earliest_refresh_all(std::uint32_t scope) const;
  void issue_precharge_all(std::uint32_t scope, DramTick t);
  void issue_refresh_all(std::uint32_t scope, DramTick t);

  // Per-bank refresh of a closed bank.
  DramTick earliest_refresh(std::uint32_t bank) const;

  // The bank closes by itself after a read or write at `t` (auto-precharge).
  void auto_precharge(std::uint32_t bank, DramTick t, bool after_write);

  std::int64_t open_row(std::uint32_t bank) const { return banks_[bank].row; }
  std::uint32_t hits(std::uint32_t bank) const { return banks_[bank].hits; }  // column commands to the row
  bool any_open(std::uint32_t scope) const { return open_banks_[scope] > 0; }
  std::uint32_t scopes() const { return static_cast<std::uint32_t>(open_banks_.size()); }
  std::uint32_t scope_of(std::uint32_t bank) const { return banks_[bank].pseudo_channel; }
  std::uint32_t banks_in_scope() const { return per_pseudo_channel_; }
  std::uint32_t banks() const { return static_cast<std::uint32_t>(banks_.size()); }

  std::uint32_t ticks_per_clock() const { return ticks_per_clock_; }
  DramTick read_latency() const { return read_latency_; }  // read command to the last of its data
  // Ticks, summed over scopes, in which some bank of the scope was open, up to `t`.
  DramTick active_ticks(DramTick t) const;

 private:
  struct Bank {
    std::int64_t row = kClosed;
    std::uint32_t hits = 0;
    std::uint32_t group = 0, rank = 0, pseudo_channel = 0;
    std::array<DramTick, kDramCommands> next{};
  };
  using Next = std::array<DramTick, kDramCommands>;
  struct ActivateWindow {
    std::array<DramTick, 32> times{};
    std::uint32_t count = 0;
  };
  // Spacing from one command to another at a level; 0 = none.
  using Spacing = std::array<std::array<DramTick, kDramCommands>, kDramCommands>;

  std::uint32_t ticks_per_clock_;
  std::uint32_t per_pseudo_channel_;
  std::uint32_t ranks_per_channel_;
  bool split_bus_;
  DramTick read_latency_;
  DramTick faw_, aw32_;
  DramTick refresh_time_, refresh_bank_time_, refresh_other_;
  DramTick auto_read_, auto_write_;
  std::array<DramTick, kDramCommands> bus_ticks_{};
  Spacing bank_spacing_{}, group_spacing_{}, rank_spacing_{}, other_rank_spacing_{}, channel_spacing_{};
  std::vector<Bank> banks_;
  std::vector<Next> groups_, ranks_, pseudo_channels_;
  std::vector<ActivateWindow> windows_;  // a rank, or a pseudo channel of a stack
  std::array<DramTick, 2> bus_free_{};   // row, column; the first alone when shared
  std::vector<std::uint32_t> open_banks_;
  std::vector<DramTick> opened_at_;
  DramTick active_ticks_ = 0;
  bool stacked_;

  void set(Spacing& level, DramCommand from, DramCommand to, std::uint32_t clocks);
  void push(Next& next, const Spacing& level, DramCommand from, DramTick t) const;
  std::uint32_t window_of(const Bank& bank) const { return stacked_ ? bank.pseudo_channel : bank.rank; }
  std::uint32_t bus_of(DramCommand c) const {
    return split_bus_ && (c == DramCommand::read || c == DramCommand::write) ? 1 : 0;
  }
  void open(Bank& bank, std::int64_t row, DramTick t);
  void close(Bank& bank, DramTick t);
};

}  // namespace orrery
