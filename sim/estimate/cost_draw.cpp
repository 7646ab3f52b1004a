#include "sim/estimate/cost_draw.h"

#include <algorithm>

namespace orrery {
namespace {

enum class From { scenario, technology, simulation };

From origin(const CostTerm<OptionTerms>& term) {
  using T = OptionTerms<UncertainNumber>;
  if (term.uncertain == &T::throughput_factor) return From::simulation;
  for (const auto of_table : {&T::wafer_price, &T::defects_per_cm2, &T::mask_set_price, &T::design_price,
                              &T::package_price, &T::memory_price_per_gb}) {
    if (term.uncertain == of_table) return From::technology;
  }
  return From::scenario;
}

template <class Wanted>
void add_terms(const CostScenario& s, std::size_t option, Wanted wanted, std::vector<CostVariable>& out) {
  const CostOption& o = s.options[option];
  for (std::size_t t = 0; t < option_terms().size(); ++t) {
    const CostTerm<OptionTerms>& term = option_terms()[t];
    if (wanted(origin(term)))
      out.push_back({o.name + "." + term.name, o.terms.*term.uncertain, term.is_price, option, t});
  }
}

template <class Is>
std::size_t index_of(const std::vector<CostVariable>& variables, Is is) {
  return static_cast<std::size_t>(std::find_if(variables.begin(), variables.end(), is) - variables.begin());
}

}  // namespace

std::vector<CostVariable> cost_variables(const CostScenario& s) {
  std::vector<CostVariable> variables;
  for (std::size_t t = 0; t < fleet_terms().size(); ++t) {
    const CostTerm<FleetTerms>& term = fleet_terms()[t];
    variables.push_back({term.name, s.terms.*term.uncertain, term.is_price, CostVariable::kFleet, t});
  }
  for (std::size_t i = 0; i < s.options.size(); ++i)
    add_terms(
        s, i, [](From from) { return from == From::scenario; }, variables);
  for (std::size_t i = 0; i < s.options.size(); ++i) {
    const bool made = s.options[i].acquisition == Acquisition::make;
    add_terms(
        s, i, [made](From from) { return from == From::simulation || (made && from == From::technology); },
        variables);
  }
  return variables;
}

DrawnCosts drawn_costs(const std::vector<CostVariable>& variables, const std::vector<double>& draw,
                       std::size_t options) {
  DrawnCosts drawn;
  drawn.options.resize(options);
  for (std::size_t v = 0; v < variables.size(); ++v) {
    const CostVariable& of = variables[v];
    if (of.option == CostVariable::kFleet) {
      drawn.fleet.*fleet_terms()[of.term].drawn = draw[v];
    } else {
      drawn.options[of.option].*option_terms()[of.term].drawn = draw[v];
    }
  }
  return drawn;
}

OptionTerms<double> typical_terms(const OptionTerms<UncertainNumber>& terms) {
  OptionTerms<double> typical;
  for (const auto& t : option_terms()) typical.*t.drawn = (terms.*t.uncertain).typical;
  return typical;
}

std::size_t variable_of(const std::vector<CostVariable>& variables,
                        UncertainNumber FleetTerms<UncertainNumber>::*term) {
  return index_of(variables, [&](const CostVariable& v) {
    return v.option == CostVariable::kFleet && fleet_terms()[v.term].uncertain == term;
  });
}

std::size_t variable_of(const std::vector<CostVariable>& variables, std::size_t option,
                        UncertainNumber OptionTerms<UncertainNumber>::*term) {
  return index_of(variables, [&](const CostVariable& v) {
    return v.option == option && option_terms()[v.term].uncertain == term;
  });
}

}  // namespace orrery
