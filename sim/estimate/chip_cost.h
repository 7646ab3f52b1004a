#pragma once
// What one packaged chip costs to make: its share of a wafer by dies and yield, package, memory, test; and
// what must be spent before the first one. Formulas only: the caller draws the uncertain numbers.

#include <cstdint>

namespace orrery {

// Whole dies of `mm2` on a wafer, square, the edge left out (de Vries, 2005).
double dies_per_wafer(double mm2, double wafer_mm, double scribe_mm);

// Share of good dies: negative binomial, defects clustered by `alpha`.
double die_yield(double mm2, double defects_per_cm2, double alpha);

struct ChipCostInputs {
  double die_mm2 = 0;
  std::uint32_t dies = 1;          // chiplets of that size
  double die_to_die_share = 0;     // of each chiplet's area on top, for the links between them
  double assembly_yield = 1;       // of placing one die or memory stack on an interposer
  std::uint32_t placed_parts = 0;  // dies and stacks on it; 0 = no interposer
  double spare_share = 0;          // of the die's area that may be bad (spare cores)
  double wafer_price = 0, wafer_mm = 300, scribe_mm = 0;
  double defects_per_cm2 = 0, yield_clustering = 3;
  double package_price = 0;
  double memory_gb = 0, memory_price_per_gb = 0;  // in the package
  double test_share = 0;
};

// USD.
struct ChipCost {
  double yield = 0;           // of a die
  double assembly_yield = 1;  // of the package
  double silicon = 0, package = 0, memory = 0, test = 0;
  double total() const { return silicon + package + memory + test; }
};
ChipCost chip_cost(const ChipCostInputs& inputs);

// What defects a node has `quarters` after its volume start, relative to those `reference_quarters` after:
// they fall from `initial` times the mature figure to it, by e in `learning_quarters`.
double defect_learning(double quarters, double reference_quarters, double initial, double learning_quarters);

// Share of an investment to pay each year over `years` at `rate` (capital recovery factor).
double capital_recovery_factor(double rate, double years);

}  // namespace orrery
