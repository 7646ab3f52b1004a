#include "sim/config/price_book.h"

#include <filesystem>

#include "sim/config/schema_validation.h"
#include "sim/util/data_home.h"

namespace orrery {

const MachinePrice* price_of(const std::vector<MachinePrice>& prices, const std::string& arch) {
  for (const MachinePrice& p : prices) {
    if (p.arch == arch) return &p;
  }
  return nullptr;
}

std::vector<MachinePrice> load_prices(const std::string& file) {
  const ConfigDocument document = ConfigDocument::load(
      file.empty() ? data_home() / "arch_configs" / "costs" / "prices.yaml" : std::filesystem::path(file));
  validate_as(document, "orrery/prices/1");
  std::vector<MachinePrice> prices;
  const nlohmann::json& machines = document.root().at("machines");
  for (std::size_t i = 0; i < machines.size(); ++i) {
    const std::string at = "/machines/" + std::to_string(i);
    MachinePrice p;
    p.arch = machines[i].at("arch").get<std::string>();
    if (price_of(prices, p.arch) != nullptr)
      throw ConfigError(document.where(at), "'" + p.arch + "' is given twice");
    if (machines[i].contains("chip_price")) p.chip_price = read_price(document, at + "/chip_price");
    if (machines[i].contains("rent_per_hour")) p.rent_per_hour = read_price(document, at + "/rent_per_hour");
    prices.push_back(p);
  }
  return prices;
}

}  // namespace orrery
