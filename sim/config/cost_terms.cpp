#include "sim/config/cost_terms.h"

namespace orrery {

const std::array<CostTerm<FleetTerms>, 13>& fleet_terms() {
  using E = FleetTerms<UncertainNumber>;
  using D = FleetTerms<double>;
  static const std::array<CostTerm<FleetTerms>, 13> terms = {{
      {"demand.output_tokens_per_s", &E::peak_tokens_per_s, &D::peak_tokens_per_s, false},
      {"finance.years", &E::years, &D::years, false},
      {"finance.discount_rate", &E::discount_rate, &D::discount_rate, false},
      {"finance.residual_share", &E::residual_share, &D::residual_share, false},
      {"finance.electricity_per_kwh", &E::electricity_per_kwh, &D::electricity_per_kwh, true},
      {"finance.pue", &E::pue, &D::pue, false},
      {"finance.colocation_per_kw_month", &E::colocation_per_kw_month, &D::colocation_per_kw_month, true},
      {"finance.staff_per_year", &E::staff_per_year, &D::staff_per_year, true},
      {"finance.network_share", &E::network_share, &D::network_share, false},
      {"finance.grid_gco2_per_kwh", &E::grid_gco2_per_kwh, &D::grid_gco2_per_kwh, false},
      {"finance.embodied_kgco2_per_cm2", &E::embodied_kgco2_per_cm2, &D::embodied_kgco2_per_cm2, false},
      {"finance.embodied_kgco2_per_gb", &E::embodied_kgco2_per_gb, &D::embodied_kgco2_per_gb, false},
      {"demand.utilisation", &E::utilisation, &D::utilisation, false},
  }};
  return terms;
}

const std::array<CostTerm<OptionTerms>, 16>& option_terms() {
  using E = OptionTerms<UncertainNumber>;
  using D = OptionTerms<double>;
  static const std::array<CostTerm<OptionTerms>, 16> terms = {{
      {"chip_price", &E::chip_price, &D::chip_price, true},
      {"rent_per_hour", &E::rent_per_hour, &D::rent_per_hour, true},
      {"server_price", &E::server_price, &D::server_price, true},
      {"licence_per_year", &E::licence_per_year, &D::licence_per_year, true},
      {"engineering_price", &E::engineering_price, &D::engineering_price, true},
      {"ip_price", &E::ip_price, &D::ip_price, true},
      {"host_w", &E::host_w, &D::host_w, false},
      {"margin", &E::margin, &D::margin, false},
      {"volume", &E::volume, &D::volume, false},
      {"wafer_price", &E::wafer_price, &D::wafer_price, true},
      {"defects_per_cm2", &E::defects_per_cm2, &D::defects_per_cm2, false},
      {"mask_set_price", &E::mask_set_price, &D::mask_set_price, true},
      {"design_price", &E::design_price, &D::design_price, true},
      {"package_price", &E::package_price, &D::package_price, true},
      {"memory_price_per_gb", &E::memory_price_per_gb, &D::memory_price_per_gb, true},
      {"simulation_error", &E::throughput_factor, &D::throughput_factor, false},
  }};
  return terms;
}

}  // namespace orrery
