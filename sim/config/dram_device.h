#pragma once
// One DRAM channel as its data sheet describes it: organisation, the whole JEDEC timing set in clocks,
// command bus, refresh, supply currents, and the controller in front of it. What fidelity `cycle` obeys and
// what `tile` derives its rates from.

#include <cstdint>
#include <optional>
#include <string>

#include "sim/util/enum_names.h"

namespace orrery {

// In clocks of the device (tCK). Names follow JESD79/JESD235/JESD250; `_wr` = between writes.
struct DramTimings {
  std::uint32_t cl = 0, cwl = 0;
  std::uint32_t trcd_rd = 0, trcd_wr = 0, trp = 0, tras = 0, trc = 0;
  std::uint32_t trrd_s = 0, trrd_l = 0, tfaw = 0;
  std::uint32_t t32aw = 0;  // window of 32 activates; 0 = none
  std::uint32_t tccd_s = 0, tccd_l = 0, tccd_s_wr = 0, tccd_l_wr = 0;
  std::uint32_t tccd_r = 0;  // column commands to different ranks or stack IDs; 0 = as within one
  std::uint32_t trtp = 0, twr = 0, twtr_s = 0, twtr_l = 0;
  std::uint32_t trtw = 0;  // read command to write command
  std::uint32_t tppd = 0;  // precharge to precharge; 0 = none
  std::uint32_t trefi = 0, trfc = 0;
  std::uint32_t trefi_pb = 0, trfc_pb = 0, trrefd = 0;  // per-bank refresh; 0 = the device has none
};

// How many clocks a command holds its bus. HBM has a row and a column bus, shared by its pseudo channels.
struct DramCommandBus {
  bool split = false;            // row and column commands on buses of their own
  bool half_clock_rows = false;  // row commands on both edges (HBM3 and later)
  double act_clocks = 1, precharge_clocks = 1, column_clocks = 1;
};

enum class DramRefresh : std::uint8_t { all_bank, per_bank };
template <>
struct EnumNames<DramRefresh> {
  static constexpr std::array<const char*, 2> kWords = {"all_bank", "per_bank"};
};
enum class DramPagePolicy : std::uint8_t { open, closed };
template <>
struct EnumNames<DramPagePolicy> {
  static constexpr std::array<const char*, 2> kWords = {"open", "closed"};
};
// oldest_ready: one pool of requests, the oldest whose command may issue goes first (FR-FCFS).
// bank_round_robin: requests move on to a queue a bank; the banks take turns, each with its first ready one.
enum class DramScheduling : std::uint8_t { oldest_ready, bank_round_robin };
template <>
struct EnumNames<DramScheduling> {
  static constexpr std::array<const char*, 2> kWords = {"oldest_ready", "bank_round_robin"};
};

struct DramControllerSpec {
  DramScheduling scheduling = DramScheduling::oldest_ready;
  DramPagePolicy page_policy = DramPagePolicy::open;
  std::uint32_t read_queue = 32, write_queue = 32;  // bursts
  std::uint32_t bank_queue = 8;                     // bursts a bank (bank_round_robin)
  std::uint32_t row_hit_cap = 0;  // row hits that may pass an older request to the bank; 0 = any
  double write_high = 0.8;        // share of the write queue at which writes drain
  double write_low = 0.2;         // share down to which they do
  std::uint32_t write_idle = 0;   // writes that drain when no read waits; 0 = any
};

// Supply currents of one device, mA, and its voltage. Core only: no I/O, PHY or controller.
struct DramCurrents {
  double vdd = 0;
  double idd0 = 0, idd2n = 0, idd3n = 0, idd4r = 0, idd4w = 0, idd5ab = 0, idd5pb = 0;
  std::uint32_t devices = 1;  // that work in lockstep to make the channel
};

struct DramDevice {
  std::string preset;
  std::string kind;
  double clock_ns = 0;
  double data_rate_mtps = 0;
  std::uint32_t width_bits = 64;      // data bus of a pseudo channel
  std::uint32_t pseudo_channels = 1;  // that share the command bus
  std::uint32_t ranks = 1;            // or stack IDs
  bool stacked = false;               // ranks are stack IDs: one activate window over all of them
  std::uint32_t bank_groups = 4, banks_per_group = 4;
  std::uint64_t page_bytes = 1024;
  std::uint32_t rows = 32768;
  std::uint32_t burst_length = 8;
  std::uint32_t burst_clocks = 4;  // data bus time of a burst
  DramTimings timing;
  DramCommandBus bus;
  DramRefresh refresh = DramRefresh::all_bank;
  DramControllerSpec controller;
  std::optional<DramCurrents> currents;

  std::uint64_t burst_bytes() const { return std::uint64_t{burst_length} * width_bits / 8; }
  std::uint32_t columns() const { return static_cast<std::uint32_t>(page_bytes / burst_bytes()); }
  std::uint32_t banks() const { return ranks * bank_groups * banks_per_group; }  // of a pseudo channel
  std::uint32_t all_banks() const { return pseudo_channels * banks(); }
  // GB/s of the data pins of the channel, all its pseudo channels.
  double peak_gb_per_s() const {
    return static_cast<double>(burst_bytes()) / (burst_clocks * clock_ns) * pseudo_channels;
  }
  std::uint64_t capacity_bytes() const { return std::uint64_t{all_banks()} * rows * page_bytes; }
};

}  // namespace orrery
