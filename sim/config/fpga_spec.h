#pragma once
// An FPGA as it is bought, and what a design on it takes of it.

#include <cstdint>
#include <string>

namespace orrery {

struct FpgaPart {
  std::string name;
  double luts = 0, flip_flops = 0, dsps = 0;
  double block_rams = 0, ultra_rams = 0;         // of 36 and 288 Kb, ports of 72 bits
  double empty_clock_hz = 0, full_clock_hz = 0;  // that designs reach which take little, or all, of it
};
struct FpgaDesign {
  FpgaPart part;
  double dsps_per_mac = 1, luts_per_mac = 60;     // of the matrix engine at its base rate
  double dsps_per_lane = 1, luts_per_lane = 300;  // of the vector unit
  double dsps_per_transcendental = 4;             // and cycle
  std::uint64_t logic_multipliers = 0;            // of the matrix engine, made of LUTs
  double base_luts = 50000;                       // of memory controllers, host interface and shell
  bool estimate_clock = false;                    // the clock is at most what a design so full reaches
};
}  // namespace orrery
