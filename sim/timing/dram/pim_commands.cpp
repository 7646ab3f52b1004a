#include "sim/timing/dram/pim_commands.h"

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

// tFAW counts four activates; a supply made for more of them admits those in the same time.
DramDevice supplied(DramDevice device, const PimSpec& pim) {
  device.pseudo_channels = 1;
  const double four = std::max(4U, pim.activate_banks);
  device.timing.tfaw =
      static_cast<std::uint32_t>(std::ceil(device.timing.tfaw * four / pim.window_activates - 1e-9));
  return device;
}

// The i-th of n equal parts of a whole.
std::uint64_t part_of(std::uint64_t whole, std::uint64_t i, std::uint64_t n) {
  return whole * (i + 1) / n - whole * i / n;
}

}  // namespace

PimCommands::PimCommands(const DramSpec& dram, const PimPlan& plan)
    : plan_(plan),
      device_(supplied(dram.device, *dram.pim)),
      activate_banks_(dram.pim->activate_banks),
      timing_(device_) {
  const auto ticks = [this](double clocks) {
    return static_cast<DramTick>(std::ceil(clocks * timing_.ticks_per_clock() - 1e-9));
  };
  const DramTimings& t = device_.timing;
  interval_ = ticks(plan.interval_ns / device_.clock_ns);
  write_ticks_ = ticks(std::max(t.tccd_s_wr, device_.burst_clocks));
  read_ticks_ = ticks(std::max(t.tccd_s, device_.burst_clocks));
  const DramTimings& supply = dram.device.timing;  // as it is given, not as it was widened
  const double twice = 2.0 * static_cast<double>(timing_.banks()) * supply.tfaw / dram.pim->window_activates;
  supply_interval_ = plan.copies > 0 ? ticks(twice) : 0;
  refresh_interval_ = next_refresh_ = ticks(t.trefi);
}

void PimCommands::refresh(DramTick now) {
  for (; next_refresh_ <= now; next_refresh_ += refresh_interval_) {
    const DramTick at = std::max(now, timing_.earliest_refresh_all(0));
    timing_.issue_refresh_all(0, at);
    ++counts_.refreshes;
  }
}

DramTick PimCommands::open_row(DramTick t) {
  for (std::uint32_t first = 0; first < timing_.banks(); first += activate_banks_) {
    DramTick at = t;
    for (std::uint32_t b = first; b < first + activate_banks_; ++b)
      at = std::max(at, timing_.earliest(DramCommand::activate, b));
    for (std::uint32_t b = first; b < first + activate_banks_; ++b)
      timing_.issue(DramCommand::activate, b, at, 0);
    counts_.activates += activate_banks_;
  }
  DramTick ready = 0;
  for (std::uint32_t b = 0; b < timing_.banks(); ++b)
    ready = std::max(ready, timing_.earliest(DramCommand::read, b));
  return ready;
}

DramTick PimCommands::copy_row(DramTick t) {
  refresh(t);
  const DramTick begun = std::max(t, timing_.earliest(DramCommand::activate, 0));
  open_row(t);
  counts_.activates += timing_.banks();  // of the row that is written over
  const DramTick closing = timing_.earliest_precharge_all(0);
  timing_.issue_precharge_all(0, closing);
  ++counts_.precharges;
  return std::max(closing, begun + supply_interval_);
}

double PimCommands::run() {
  DramTick now = 0;
  DramTick multiplied = 0;  // the last column command and its interval
  for (std::uint64_t row = 0; row < plan_.rows; ++row) {
    for (std::uint64_t c = part_of(plan_.copies, row, plan_.rows); c > 0; --c) now = copy_row(now);
    refresh(now);
    // Results of the row before leave, inputs of this one come, while it opens.
    bus_free_ = std::max(bus_free_, multiplied) +
                static_cast<DramTick>(part_of(plan_.input_bursts, row, plan_.rows)) * write_ticks_;
    DramTick t = std::max({open_row(now), bus_free_, multiplied});
    const std::uint64_t columns = part_of(plan_.columns, row, plan_.rows);
    for (std::uint64_t c = 0; c < columns; ++c) {
      for (std::uint32_t b = 0; b < timing_.banks(); ++b)
        t = std::max(t, timing_.earliest(DramCommand::read, b));
      for (std::uint32_t b = 0; b < timing_.banks(); ++b) timing_.issue(DramCommand::read, b, t);
      ++counts_.reads;
      t += interval_;
    }
    multiplied = t;
    bus_free_ = std::max(bus_free_, multiplied) +
                static_cast<DramTick>(part_of(plan_.result_bursts, row, plan_.rows)) * read_ticks_;
    now = timing_.earliest_precharge_all(0);
    timing_.issue_precharge_all(0, now);
    ++counts_.precharges;
  }
  const DramTick end = std::max(bus_free_, multiplied) + timing_.read_latency();
  return static_cast<double>(end) / timing_.ticks_per_clock() * device_.clock_ns * 1e-9;
}

}  // namespace orrery
