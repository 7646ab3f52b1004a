#include "sim/estimate/chip_cost.h"

#include <algorithm>
#include <cmath>

namespace orrery {

double dies_per_wafer(double mm2, double wafer_mm, double scribe_mm) {
  constexpr double kPi = 3.14159265358979323846;
  const double edge = std::sqrt(mm2) + scribe_mm;
  const double area = edge * edge;
  return std::max(0.0,
                  std::floor(kPi * wafer_mm * wafer_mm / 4 / area - kPi * wafer_mm / std::sqrt(2 * area)));
}

double die_yield(double mm2, double defects_per_cm2, double alpha) {
  return std::pow(1 + mm2 / 100 * defects_per_cm2 / alpha, -alpha);
}

ChipCost chip_cost(const ChipCostInputs& in) {
  ChipCost cost;
  const double mm2 = in.die_mm2 * (1 + (in.dies > 1 ? in.die_to_die_share : 0));
  // A defect in a spare part does not count.
  cost.yield = die_yield(mm2 * (1 - in.spare_share), in.defects_per_cm2, in.yield_clustering);
  const double good = dies_per_wafer(mm2, in.wafer_mm, in.scribe_mm) * cost.yield;
  cost.silicon = good > 0 ? in.dies * in.wafer_price / good : HUGE_VAL;
  cost.package = in.package_price;
  cost.memory = in.memory_gb * in.memory_price_per_gb;
  cost.test = in.test_share * (cost.silicon + cost.package);
  // A package that fails takes all that is in it along.
  cost.assembly_yield = std::pow(in.assembly_yield, in.placed_parts);
  for (double* part : {&cost.silicon, &cost.package, &cost.memory, &cost.test}) *part /= cost.assembly_yield;
  return cost;
}

double defect_learning(double quarters, double reference_quarters, double initial, double learning_quarters) {
  const auto at = [&](double q) { return 1 + (initial - 1) * std::exp(-q / learning_quarters); };
  return at(quarters) / at(reference_quarters);
}

double capital_recovery_factor(double rate, double years) {
  if (rate <= 0) return 1 / years;
  const double growth = std::pow(1 + rate, years);
  return rate * growth / (growth - 1);
}

}  // namespace orrery
