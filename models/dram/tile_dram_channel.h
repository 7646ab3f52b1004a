#pragma once
// A DRAM channel at fidelity `tile`: no commands and no events, but calendars that a burst reserves along its
// way: its bank (row hit, miss or conflict under tRC, tRAS, tRTP, tWR), the activate window of its rank, the
// row-command bus, its bank group (tCCD_L) and the data bus (tCCD_S), round refreshes. Reads may overtake
// each other where a gap is free; writes gather and drain in batches, with the bus turned round. All from the
// timings of `DramDevice`; there is no efficiency to set.

#include <cstdint>
#include <vector>

#include "models/dram/spaced_calendar.h"
#include "sim/config/dram_mapping.h"
#include "sim/timing/dram/dram_request.h"

namespace orrery {

class TileDramChannel {
 public:
  TileDramChannel(const DramDevice& device, const DramMapping& mapping);

  // What a read meets: when its data is there, when it leaves the controller's queue, and its bank.
  struct Read {
    DramTick done, leaves;
    std::uint32_t bank;
  };
  // One burst at `t` (never decreasing). A write: when the queue has taken it.
  Read read(std::uint64_t address, DramTick t);
  DramTick write(std::uint64_t address, DramTick t);

  double tick_ns() const { return tick_ns_; }

  const DramCommandCounts& counts() const { return counts_; }
  // Ticks some row was open, summed over pseudo channels, and refreshes up to `t`.
  DramTick active_ticks(DramTick t) const;
  std::uint64_t refreshes(DramTick t) const;

 private:
  static constexpr std::int64_t kClosed = -1;
  struct Bank {
    std::int64_t row = kClosed;
    std::int64_t epoch = 0;  // refreshes before its row was opened
    DramTick activated = INT64_MIN / 4;
    DramTick column_from = 0;  // first column command to the open row
    DramTick close_from = 0;   // earliest precharge
  };
  // A pseudo channel's own resources.
  struct Lane {
    SpacedCalendar data;
    std::vector<SpacedCalendar> groups[2];        // columns of a bank group: reads, writes
    std::vector<SpacedCalendar> group_activates;  // of a bank group
    std::vector<SpacedCalendar> activates;        // a rank, or one for all stack IDs
    std::vector<Bank> banks;
    std::vector<DramTick> group_last[2], rank_last[2];  // latest columns, with several ranks
    DramTick reads_from = 0;                            // after the last batch of writes
    DramTick writes_from = 0;                           // after the last read
    std::int64_t active_epoch = -1;                     // refresh interval of the last activate
    DramTick closed_ticks = 0;                          // from a refresh to the activate after it
    DramTick idle_epochs = 0;                           // refresh intervals without an activate
  };
  struct Place {
    std::uint32_t lane, rank, group, bank;
    std::int64_t row;
  };

  DramDevice device_;
  DramMapping mapping_;
  std::uint32_t ticks_per_clock_;
  double tick_ns_;
  std::vector<Lane> lanes_;
  SpacedCalendar row_bus_;
  bool row_bus_limits_;
  DramTick refresh_interval_, refresh_busy_;
  DramTick cl_bl_, trp_, tras_, trc_, trcd_[2], trtp_, write_recovery_, write_to_read_, read_to_write_;
  DramTick shared_group_gap_ = 0;
  DramTick forgotten_ = INT64_MIN / 4;
  bool leaves_at_activate_ = false;
  DramCommandCounts counts_;

  std::vector<Place> queued_;  // writes
  DramTick drained_ = 0;       // when the last batch ends
  DramTick last_read_ = 0;     // column of the latest read
  std::size_t write_high_, write_low_;

  static bool others_pending(const std::vector<DramTick>& last, std::uint32_t rank, DramTick t);
  void forget(DramTick t);
  Place place_of(std::uint64_t address) const;
  // When the row of `place` can be opened; `conflict`: another one has to close first.
  DramTick activate(const Place& place, DramTick t, bool& conflict);
  void open_row(const Place& place, bool write, DramTick act);
  DramTick column(const Place& place, bool write, DramTick t, DramTick not_before);
  DramTick past_refresh(DramTick t) const;
  std::int64_t epoch(DramTick t) const { return refresh_interval_ > 0 ? t / refresh_interval_ : 0; }
  void drain(std::size_t keep, DramTick t);
};

}  // namespace orrery
