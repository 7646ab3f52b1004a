#pragma once
// What machines cost, bought or rented (arch_configs/costs/prices.yaml, schema orrery/prices/1). A machine
// that is not listed has no price.

#include <optional>
#include <string>
#include <vector>

#include "sim/config/open_document.h"
#include "sim/config/uncertain_number.h"

namespace orrery {

struct MachinePrice {
  std::string arch;
  std::optional<UncertainNumber> chip_price, rent_per_hour;  // USD a chip
  // Of what its chips stand in: without them, USD; beside them, W; how many it holds.
  std::optional<UncertainNumber> server_price;
  std::optional<double> host_w;
  std::uint32_t chips_per_server = 8;
};

struct PriceBook {
  double years = 0, discount_rate = 0, pue = 1;  // of the figures beside a run
  UncertainNumber electricity_per_kwh;
  std::vector<MachinePrice> machines;
  // Null for a machine that is not listed.
  const MachinePrice* of(const std::string& arch) const;
};

template <>
const Table& table_of<MachinePrice>();
template <>
const Table& table_of<PriceBook>();

inline constexpr DocumentKind kPrices = {"orrery/prices/1", "price list", "costs", &table_of<PriceBook>};

// Throws ConfigError: schema, a price without currency or date, a machine given twice.
ConfigDocument load_prices_document(const std::string& name = "prices");
PriceBook build_prices(const ConfigDocument& document);
PriceBook load_prices(const std::string& name = "prices");

}  // namespace orrery
