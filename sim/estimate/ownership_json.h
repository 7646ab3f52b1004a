#pragma once
// Ownership between JSON values: what a run (orrery/result/1) says of an option, and what it comes to.

#include <nlohmann/json.hpp>

#include "sim/estimate/ownership.h"

namespace orrery {

// `run`: one replica on option.devices of `arch`, after add_technology.
ServedOption served_by(const nlohmann::ordered_json& run, const CostOption& option, const ArchSpec& arch);

// {acquire, chips, servers, chip_price_usd, nre_usd, engineering_usd, capex_usd, usd_per_year{...},
// usd_per_m_tokens{all, input, output}, joule_per_token, gco2_per_m_output_tokens, break_even_months}
nlohmann::ordered_json ownership_json(const OwnershipCost& cost, Acquisition acquisition);

}  // namespace orrery
