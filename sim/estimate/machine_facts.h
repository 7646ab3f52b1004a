#pragma once
// A machine in the figures that people compare: peaks, what each level holds and moves, where memory and
// arithmetic meet; and what in it looks like a mistake.

#include <optional>
#include <string>
#include <vector>

#include "sim/config/arch_spec.h"

namespace orrery {

struct PeakFact {
  std::string dtype;
  double tflops = 0;  // dense, 1 MAC = 2 FLOPs
};

// Of a whole chip, GB/s = 1e9 bytes per second, one direction.
struct LevelFact {
  std::string level;
  double gb_per_s = 0;
  std::optional<std::uint64_t> bytes;  // none of what only moves
};

// Of an FPGA.
struct ResourceFact {
  std::string resource;
  double takes = 0, has = 0;
};

struct MachineFacts {
  std::vector<PeakFact> peaks;    // of the formats it multiplies
  std::vector<LevelFact> levels;  // from the cores outwards
  std::uint32_t dram_channels = 0;
  double dram_channel_gb_per_s = 0;
  double ridge_flop_per_byte = 0;  // of its default format against DRAM
  // Of the die; modelled where nobody published it, none of a process that nobody said.
  std::optional<double> area_mm2, modelled_area_mm2;
  double least_area_mm2 = 0, most_area_mm2 = 0;  // where it is modelled
  std::vector<ResourceFact> resources;
  double likely_clock_ghz = 0;  // of an FPGA that full
  std::vector<std::string> warnings;
};

MachineFacts machine_facts(const ArchSpec& arch);

}  // namespace orrery
