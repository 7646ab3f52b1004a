#pragma once
// Units that multiply beside the banks of a DRAM channel (processing in memory): a column command to all
// banks at once feeds each unit a burst of its own bank, multiplied by inputs that the channel's buffer
// holds.

#include <cstdint>

#include "sim/util/dtype.h"

namespace orrery {

struct PimSpec {
  std::uint32_t banks_per_unit = 1;    // that take turns
  std::uint32_t macs_per_cycle = 0;    // of a unit, at rate 1
  double clock_hz = 0;                 // of the units
  DTypeRates rates{};                  // relative to macs_per_cycle; 0 = not multiplied
  std::uint64_t input_bytes = 0;       // of a channel's buffer: inputs of the products
  std::uint32_t sums = 1;              // results that a bank's unit sums up before they are read
  std::uint32_t activate_banks = 1;    // that one command opens
  std::uint32_t window_activates = 4;  // that tFAW admits: more where the supply is made for it
  double mac_pj = 0;
  double read_pj_per_bit = 0;  // from the bank into its unit; beside the row's activation
  // A row of its own beside that of ordinary access, in each bank: both go on at once.
  bool dual_row_buffers = false;
  double die_share = 0;  // of the memory's die, that the units take
  // Each bit line multiplies in the rows themselves, bit by bit: copies from rows to a row (AAP, two
  // activates and a precharge) that a product takes; the units add products up. 0: units multiply.
  DTypeRates row_copies{};

  bool bit_serial(DType dtype) const { return row_copies[static_cast<std::size_t>(dtype)] > 0; }
  bool multiplies(DType dtype) const { return rates[static_cast<std::size_t>(dtype)] > 0; }
};

}  // namespace orrery
