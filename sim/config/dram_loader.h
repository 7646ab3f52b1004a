#pragma once
// The `dram` level of a machine, its preset by name or content, and presets on their own.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/config/dram_device.h"
#include "sim/config/open_document.h"

namespace orrery {

std::vector<std::string> dram_preset_names();

// A preset by name or by path of a YAML file. Throws ConfigError: no such preset, keys, contradictory
// timings.
DramDevice load_dram_device(const std::string& preset);

// The level as a machine's file says it.
struct DramLevel {
  nlohmann::json preset;
  std::optional<std::uint32_t> channels, stacks;
  std::uint64_t capacity_bytes = 0, reserved_bytes = 0;
  std::optional<double> data_rate_mtps;
  std::optional<std::uint32_t> write_queue_bursts;
  std::uint32_t interleave_bytes = 256;
  double controller_latency_ns = 0, bus_bytes_per_cycle = 0;
  std::optional<double> controller_pj_per_bit;  // the energy table's where it is not said
  std::optional<double> energy_pj_per_bit;
  std::optional<PimSpec> pim;
};
template <>
const Table& table_of<DramLevel>();

// The DRAM of a machine: its preset's timings with what the level overrides.
DramSpec dram_of(const DramLevel& level, const ConfigDocument& document, const std::string& pointer);

// What contradicts itself in a device; empty when nothing does.
std::vector<Diagnostic> check_dram_device(const DramDevice& device, const std::string& where);

}  // namespace orrery
