#pragma once
// The uncertain numbers of a cost scenario, by name: with their ranges where they are read, as plain numbers
// of one draw where costs are worked out.

#include <array>

#include "sim/config/uncertain_number.h"

namespace orrery {

// Of the fleet and its owner.
template <class Number>
struct FleetTerms {
  Number peak_tokens_per_s{}, years{}, discount_rate{}, residual_share{};
  Number electricity_per_kwh{}, pue{}, colocation_per_kw_month{}, staff_per_year{}, network_share{};
  Number grid_gco2_per_kwh{}, embodied_kgco2_per_cm2{}, embodied_kgco2_per_gb{};
  Number utilisation{};  // beyond the profile of a day: weekends, growth into the fleet
};

// Of one option. USD, but where the name says otherwise.
template <class Number>
struct OptionTerms {
  Number chip_price{}, rent_per_hour{};  // a chip; rent is also what buying is compared with
  Number server_price{}, licence_per_year{};
  Number engineering_price{};  // once: bringing the model onto the machine
  Number ip_price{};           // once, of a made chip: bought designs
  Number host_w{}, margin{}, volume{};
  // Of a made chip, from the technology table.
  Number wafer_price{}, defects_per_cm2{}, mask_set_price{}, design_price{}, package_price{},
      memory_price_per_gb{};
  Number throughput_factor{};  // the simulation's own error
};

// A term's name ("finance.years"; an option's is put behind its name) and its place in both forms.
template <template <class> class Terms>
struct CostTerm {
  const char* name;
  UncertainNumber Terms<UncertainNumber>::*uncertain;
  double Terms<double>::*drawn;
  bool is_price;
};

// In the order in which they are drawn.
const std::array<CostTerm<FleetTerms>, 13>& fleet_terms();
const std::array<CostTerm<OptionTerms>, 16>& option_terms();

}  // namespace orrery
