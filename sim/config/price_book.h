#pragma once
// What machines cost, bought or rented (arch_configs/costs/prices.yaml, schema orrery/prices/1). A machine
// that is not listed has no price.

#include <optional>
#include <string>
#include <vector>

#include "sim/config/estimate.h"

namespace orrery {

struct MachinePrice {
  std::string arch;
  std::optional<Estimate> chip_price, rent_per_hour;  // USD a chip
};

// Throws ConfigError: schema, a price without currency or date, a machine given twice.
std::vector<MachinePrice> load_prices(const std::string& file = "");
const MachinePrice* price_of(const std::vector<MachinePrice>& prices, const std::string& arch);

}  // namespace orrery
