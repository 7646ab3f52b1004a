#pragma once
// Energy by what took it.

#include "sim/stats/figure.h"
#include "sim/util/amount.h"

namespace orrery {

using Joules = Amount<struct JoulesTag, Figure>;  // never NaN or infinite

struct EnergyBreakdown {
  Joules compute;
  Joules conversion;  // ADCs and DACs
  Joules registers;   // register files, load and store path, instruction issue
  Joules sram, dram, noc, link;
  Joules static_power;  // idle, leakage, clock tree
  Joules supply;        // lost in the board's regulators
  Joules dynamic() const { return compute + conversion + registers + sram + dram + noc + link; }
  Joules total() const { return dynamic() + static_power + supply; }
  EnergyBreakdown& operator+=(const EnergyBreakdown& o) {
    compute += o.compute, conversion += o.conversion, registers += o.registers, sram += o.sram,
        dram += o.dram, noc += o.noc;
    link += o.link, static_power += o.static_power, supply += o.supply;
    return *this;
  }
};
inline EnergyBreakdown scaled(const EnergyBreakdown& e, double by) {
  return {e.compute * by, e.conversion * by, e.registers * by,    e.sram * by,  e.dram * by,
          e.noc * by,     e.link * by,       e.static_power * by, e.supply * by};
}

}  // namespace orrery
