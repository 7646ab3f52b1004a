#pragma once
// A DRAM preset as its file says it (arch_configs/dram, schema orrery/dram/1), and the device that it makes.

#include <optional>
#include <string>

#include "sim/config/dram_device.h"
#include "sim/config/open_document.h"

namespace orrery {

// JEDEC timings, in ns or in clocks of the device; 0 = not given.
struct DramTimingKeys {
  double cl = 0, cwl = 0, trcd = 0, trcd_write = 0, trp = 0, tras = 0, trc = 0;
  double trrd_s = 0, trrd_l = 0, tfaw = 0, t32aw = 0;
  double trtp = 0, twr = 0, twtr_s = 0, twtr_l = 0, trtw = 0, tppd = 0;
  double trefi = 0, trfc = 0, trefi_pb = 0, trfc_pb = 0, trrefd = 0;
};

// Energy by action; what a machine's level adds is not the device's.
struct DramActionEnergy {
  double activate_pj = 0, read_pj_per_bit = 0, write_pj_per_bit = 0, io_pj_per_bit = 0;
};

struct DramPreset {
  std::string name;
  std::string kind;
  double data_rate_mtps = 0;
  std::uint32_t transfers_per_clock = 0;
  double clock_ns = 0;  // 0 = transfers_per_clock / data_rate
  std::uint32_t channel_width_bits = 0, stack_width_bits = 0;
  std::uint32_t pseudo_channels = 1, ranks = 1, stack_ids = 0;
  std::uint32_t bank_groups = 0, banks_per_group = 0, page_bytes = 0, rows = 32768, burst_length = 0;
  std::optional<DramTimingKeys> timing_ns, timing_clocks;
  std::uint32_t nccd_s = 0, nccd_l = 0, nccd_s_write = 0, nccd_l_write = 0, nccd_r = 0;
  DramCommandBus bus;
  DramRefresh refresh = DramRefresh::all_bank;
  DramControllerSpec controller;
  double vdd_v = 0;
  std::uint32_t devices_per_channel = 1;
  std::optional<DramCurrents> currents;
  double energy_pj_per_bit = 0;
  std::optional<DramActionEnergy> access_energy;
};
template <>
const Table& table_of<DramCommandBus>();
template <>
const Table& table_of<DramControllerSpec>();
template <>
const Table& table_of<DramCurrents>();
template <>
const Table& table_of<DramActionEnergy>();
template <>
const Table& table_of<DramPreset>();

inline constexpr DocumentKind kDramPreset = {"orrery/dram/1", "DRAM preset", "dram", &table_of<DramPreset>};

// Throws ConfigError, with `document`'s places: timings that are given twice or not at all, or that
// contradict each other.
DramDevice device_of(const DramPreset& preset, const ConfigDocument& document);

}  // namespace orrery
