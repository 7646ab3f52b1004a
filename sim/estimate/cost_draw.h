#pragma once
// A cost scenario's uncertain numbers as a list of variables, and one draw of them by name again.

#include <string>
#include <vector>

#include "sim/config/cost_scenario.h"

namespace orrery {

// An uncertain number and where it was read: "GPU.chip_price". Draws are indexed alike.
struct CostVariable {
  static constexpr std::size_t kFleet = SIZE_MAX;
  std::string name;
  UncertainNumber value;
  bool is_price = false;
  std::size_t option = kFleet;  // whose it is
  std::size_t term = 0;         // of fleet_terms() or option_terms()
};

struct DrawnCosts {
  FleetTerms<double> fleet;
  std::vector<OptionTerms<double>> options;
};

// The fleet's terms; what is said of each option; what the technology table and the simulation add to each.
std::vector<CostVariable> cost_variables(const CostScenario& scenario);
DrawnCosts drawn_costs(const std::vector<CostVariable>& variables, const std::vector<double>& draw,
                       std::size_t options);
OptionTerms<double> typical_terms(const OptionTerms<UncertainNumber>& terms);

// Where a term stands in the list; its size where it does not.
std::size_t variable_of(const std::vector<CostVariable>& variables,
                        UncertainNumber FleetTerms<UncertainNumber>::*term);
std::size_t variable_of(const std::vector<CostVariable>& variables, std::size_t option,
                        UncertainNumber OptionTerms<UncertainNumber>::*term);

}  // namespace orrery
