#include "models/dram/tile_dram_channel.h"

#include <algorithm>
#include <cmath>

namespace orrery {

TileDramChannel::TileDramChannel(const DramDevice& device, const DramMapping& mapping)
    : device_(device),
      mapping_(mapping),
      ticks_per_clock_(device.bus.half_clock_rows ? 2 : 1),
      tick_ns_(device.clock_ns / ticks_per_clock_) {
  const DramTimings& t = device.timing;
  const auto ticks = [&](double clocks) {
    return static_cast<DramTick>(std::lround(clocks * ticks_per_clock_));
  };
  const DramTick act_extra = ticks(device.bus.act_clocks) - 1;  // to the last clock of an activate
  Lane lane;
  lane.data = SpacedCalendar(ticks(std::max(device.burst_clocks, t.tccd_s)));
  const std::size_t groups = std::size_t{device.ranks} * device.bank_groups;
  if (device.ranks > 1) {
    const std::uint32_t across = std::max(device.burst_clocks, t.tccd_r);
    lane.data.space_tags(ticks(across));
    if (2 * across > t.tccd_l) shared_group_gap_ = ticks(2 * across);
    for (const int w : {0, 1}) {
      lane.group_last[w].assign(groups, INT64_MIN / 4);
      lane.rank_last[w].assign(device.ranks, INT64_MIN / 4);
    }
  }
  lane.groups[0].assign(groups, SpacedCalendar(ticks(t.tccd_l)));
  lane.groups[1].assign(groups, SpacedCalendar(ticks(t.tccd_l_wr)));
  lane.group_activates.assign(groups, SpacedCalendar(ticks(t.trrd_l)));
  // A window of 32 activates that is tighter than eight of four sets the pace.
  const double window = std::max<double>(t.tfaw, t.t32aw / 8.0);
  const double row_bus = device.bus.act_clocks + device.bus.precharge_clocks;
  // What paces activates is aligned; the others only bound.
  const double pace = std::max<double>(t.trrd_s, window / 4) / device.pseudo_channels;
  row_bus_limits_ = device.bus.split;
  const bool bus_paces = row_bus_limits_ && row_bus >= pace;
  const bool spacing_paces = !bus_paces && 4.0 * t.trrd_s >= window;
  lane.activates.assign(device.stacked ? 1 : device.ranks,
                        SpacedCalendar(ticks(t.trrd_s), ticks(window), spacing_paces));
  row_bus_ = SpacedCalendar(ticks(row_bus), 0, bus_paces);
  lane.banks.resize(device.banks());
  lanes_.assign(device.pseudo_channels, lane);
  trp_ = ticks(t.trp);
  tras_ = ticks(t.tras);
  trc_ = ticks(t.trc);
  trcd_[0] = ticks(t.trcd_rd) + (device.bus.split ? act_extra : 0);
  trcd_[1] = ticks(t.trcd_wr) + (device.bus.split ? act_extra : 0);
  trtp_ = ticks(t.trtp);
  cl_bl_ = ticks(t.cl + device.burst_clocks);
  write_recovery_ = ticks(t.cwl + device.burst_clocks + t.twr);
  write_to_read_ = ticks(t.cwl + device.burst_clocks + t.twtr_l);
  read_to_write_ = ticks(t.trtw);
  refresh_interval_ = ticks(t.trefi);
  // Precharge of all, then refresh; pseudo channels of one command bus follow each other.
  refresh_busy_ = ticks(t.trfc) + trp_ * static_cast<DramTick>(device.pseudo_channels) + 1;
  if (device.refresh == DramRefresh::per_bank) {
    // The share of a bank, taken from all: a stream stalls on the bank in refresh.
    refresh_interval_ = ticks(t.trefi_pb) * device.banks();
    refresh_busy_ = ticks(t.trfc_pb) + trp_;
  }
  const DramControllerSpec& c = device.controller;
  write_high_ = std::max<std::size_t>(1, static_cast<std::size_t>(c.write_high * c.write_queue));
  write_low_ = static_cast<std::size_t>(c.write_low * c.write_queue);
  leaves_at_activate_ = c.scheduling == DramScheduling::oldest_ready;
}

TileDramChannel::Place TileDramChannel::place_of(std::uint64_t address) const {
  const DramAddress a = mapping_.decode(address);
  const std::uint32_t group = a.rank * device_.bank_groups + a.bank_group;
  return {a.pseudo_channel, a.rank, group, group * device_.banks_per_group + a.bank, a.row};
}

DramTick TileDramChannel::past_refresh(DramTick t) const {
  const std::int64_t k = epoch(t);
  const DramTick start = k * refresh_interval_;
  return k > 0 && t < start + refresh_busy_ ? start + refresh_busy_ : t;
}

DramTick TileDramChannel::activate(const Place& place, DramTick t, bool& conflict) {
  Lane& lane = lanes_[place.lane];
  const Bank& bank = lane.banks[place.bank];
  const SpacedCalendar& activates = lane.activates[device_.stacked ? 0 : place.rank];
  conflict = bank.row != kClosed && epoch(t) <= bank.epoch;
  DramTick act = conflict ? std::max(t, bank.close_from) + trp_ : t;
  act = past_refresh(std::max(act, bank.activated + trc_));
  while (true) {
    DramTick next = lane.group_activates[place.group].earliest(activates.earliest(act));
    if (row_bus_limits_) next = row_bus_.earliest(next);
    next = past_refresh(next);
    if (next == act) return act;
    act = next;
  }
}

void TileDramChannel::open_row(const Place& place, bool write, DramTick act) {
  Lane& lane = lanes_[place.lane];
  Bank& bank = lane.banks[place.bank];
  lane.activates[device_.stacked ? 0 : place.rank].insert(act);
  lane.group_activates[place.group].insert(act);
  if (row_bus_limits_) row_bus_.insert(act);
  ++counts_.activates;
  bank.row = place.row;
  bank.epoch = epoch(act);
  bank.activated = act;
  bank.column_from = act + trcd_[write];
  bank.close_from = act + tras_;
  if (bank.epoch <= lane.active_epoch) return;
  // Rows were closed from the refresh to this activate.
  lane.closed_ticks += act - bank.epoch * refresh_interval_;
  lane.idle_epochs += bank.epoch - lane.active_epoch - 1;
  lane.active_epoch = bank.epoch;
}

bool TileDramChannel::others_pending(const std::vector<DramTick>& last, std::uint32_t rank, DramTick t) {
  for (std::size_t r = 0; r < last.size(); ++r) {
    if (r != rank && last[r] >= t) return true;
  }
  return false;
}

DramTick TileDramChannel::column(const Place& place, bool write, DramTick t, DramTick not_before) {
  Lane& lane = lanes_[place.lane];
  Bank& bank = lane.banks[place.bank];
  SpacedCalendar& group = lane.groups[write][place.group];
  while (true) {
    const bool hit = bank.row == place.row;
    bool conflict = false;
    const DramTick act = hit ? bank.activated : activate(place, t, conflict);
    DramTick col = std::max({t, not_before, hit ? bank.column_from : act + trcd_[write]});
    // While other stack IDs have bursts to come, those of one bank group leave room for theirs between them.
    if (shared_group_gap_ > 0 && others_pending(lane.rank_last[write], place.rank, t))
      col = std::max(col, lane.group_last[write][place.group] + shared_group_gap_);
    while (true) {
      const DramTick next = past_refresh(group.earliest(lane.data.earliest(col, place.rank)));
      if (next == col) break;
      col = next;
    }
    if (epoch(col) > (hit ? bank.epoch : epoch(act))) {
      // A refresh comes between and closes the row.
      bank.row = kClosed;
      t = std::max(t, epoch(col) * refresh_interval_ + refresh_busy_);
      continue;
    }
    if (!hit) {
      counts_.precharges += conflict ? 1 : 0;
      open_row(place, write, act);
    }
    lane.data.insert(col, place.rank);
    if (shared_group_gap_ > 0) {
      lane.group_last[write][place.group] = col;
      lane.rank_last[write][place.rank] = col;
    }
    group.insert(col);
    bank.close_from = std::max(bank.close_from, col + (write ? write_recovery_ : trtp_));
    return col;
  }
}

void TileDramChannel::drain(std::size_t keep, DramTick t) {
  DramTick last = drained_;
  std::vector<DramTick> lane_last(lanes_.size(), INT64_MIN / 4);
  const std::size_t count = queued_.size() - keep;
  for (std::size_t i = 0; i < count; ++i) {
    const Place& place = queued_[i];
    Lane& lane = lanes_[place.lane];
    const DramTick col = column(place, true, t, std::max(lane.writes_from, lane.reads_from - write_to_read_));
    lane_last[place.lane] = std::max(lane_last[place.lane], col);
    last = std::max(last, col);
    ++counts_.writes;
  }
  for (std::size_t l = 0; l < lanes_.size(); ++l) {
    if (lane_last[l] > 0) lanes_[l].reads_from = lane_last[l] + write_to_read_;
  }
  queued_.erase(queued_.begin(), queued_.begin() + static_cast<std::ptrdiff_t>(count));
  drained_ = last;
}

void TileDramChannel::forget(DramTick t) {
  for (Lane& lane : lanes_) {
    lane.data.forget(t);
    for (auto* calendars : {&lane.activates, &lane.groups[0], &lane.groups[1], &lane.group_activates}) {
      for (SpacedCalendar& c : *calendars) c.forget(t);
    }
  }
  row_bus_.forget(t);
}

TileDramChannel::Read TileDramChannel::read(std::uint64_t address, DramTick t) {
  if (t > forgotten_) forget(forgotten_ = t);
  const Place place = place_of(address);
  Lane& lane = lanes_[place.lane];
  const std::uint64_t opened = counts_.activates;
  const DramTick col = column(place, false, t, lane.reads_from);
  lane.writes_from = std::max(lane.writes_from, col + read_to_write_);
  last_read_ = std::max(last_read_, col);
  ++counts_.reads;
  // A request for which a row is opened leaves the queue with the activate.
  const DramTick leaves =
      counts_.activates > opened && leaves_at_activate_ ? lane.banks[place.bank].activated : col;
  return {col + cl_bl_, leaves, place.lane * device_.banks() + place.bank};
}

DramTick TileDramChannel::write(std::uint64_t address, DramTick t) {
  if (t > forgotten_) forget(forgotten_ = t);
  // A full queue takes the write when the batch before has made room.
  const DramTick taken = queued_.size() >= device_.controller.write_queue ? std::max(t, drained_) : t;
  queued_.push_back(place_of(address));
  const bool idle = last_read_ < t && queued_.size() > device_.controller.write_idle;
  if (queued_.size() > write_high_) {
    drain(std::min(write_low_, queued_.size()), std::max(taken, drained_));
  } else if (idle) {
    drain(0, taken);
  }
  return taken + ticks_per_clock_;
}

std::uint64_t TileDramChannel::refreshes(DramTick t) const {
  return static_cast<std::uint64_t>(epoch(t)) * device_.pseudo_channels;
}

DramTick TileDramChannel::active_ticks(DramTick t) const {
  DramTick total = 0;
  for (const Lane& lane : lanes_) {
    // Intervals without an activate since the last one: all of them closed.
    const DramTick idle = lane.idle_epochs + std::max<DramTick>(0, epoch(t) - lane.active_epoch);
    total += std::max<DramTick>(0, t - lane.closed_ticks - idle * refresh_interval_);
  }
  return total;
}

}  // namespace orrery
