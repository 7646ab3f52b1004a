#pragma once
// Energy by what took it.

#include <cstdint>

#include "sim/stats/figure.h"
#include "sim/util/amount.h"

namespace orrery {

using Joules = Amount<struct JoulesTag, Figure>;  // never NaN or infinite

// Under which heading of a breakdown an action stands.
enum class EnergyPart : std::uint8_t { compute, conversion, registers, sram, noc, dram, storage, link };
inline constexpr std::size_t kEnergyParts = 8;
// Whether it is spent in the chip's logic, whose energy goes with the square of the voltage.
inline bool follows_voltage(EnergyPart part) {
  return part != EnergyPart::dram && part != EnergyPart::storage && part != EnergyPart::link;
}

// Of them, those that a machine has but whose actions nobody priced.
class EnergyParts {
 public:
  void add(EnergyPart part) { bits_ |= 1U << static_cast<unsigned>(part); }
  bool has(EnergyPart part) const { return (bits_ >> static_cast<unsigned>(part) & 1U) != 0; }
  bool empty() const { return bits_ == 0; }

 private:
  unsigned bits_ = 0;
};

struct EnergyBreakdown {
  Joules compute;
  Joules conversion;  // ADCs and DACs
  Joules registers;   // register files, load and store path, instruction issue
  Joules sram, dram, noc, link;
  Joules storage;       // behind DRAM
  Joules static_power;  // idle, leakage, clock tree
  Joules supply;        // lost in the board's regulators
  EnergyParts not_modelled;
  Joules dynamic() const { return compute + conversion + registers + sram + dram + noc + link + storage; }
  // Of the die alone: without DRAM, storage, links and the board's regulators.
  Joules die() const { return compute + conversion + registers + sram + noc + static_power; }
  Joules total() const { return dynamic() + static_power + supply; }
  EnergyBreakdown& operator+=(const EnergyBreakdown& o) {
    compute += o.compute, conversion += o.conversion, registers += o.registers, sram += o.sram,
        dram += o.dram, noc += o.noc;
    link += o.link, storage += o.storage, static_power += o.static_power, supply += o.supply;
    return *this;
  }
};
inline EnergyBreakdown scaled(const EnergyBreakdown& e, double by) {
  return {e.compute * by, e.conversion * by, e.registers * by,    e.sram * by,   e.dram * by,   e.noc * by,
          e.link * by,    e.storage * by,    e.static_power * by, e.supply * by, e.not_modelled};
}

}  // namespace orrery
