#include "sim/config/price_book.h"

#include <filesystem>

#include "sim/config/document_reader.h"
#include "sim/config/schema_validation.h"
#include "sim/util/data_home.h"

namespace orrery {

const MachinePrice* PriceBook::of(const std::string& arch) const {
  for (const MachinePrice& p : machines) {
    if (p.arch == arch) return &p;
  }
  return nullptr;
}

ConfigDocument load_prices_document(const std::string& file) {
  ConfigDocument document = ConfigDocument::load(
      file.empty() ? data_home() / "arch_configs" / "costs" / "prices.yaml" : std::filesystem::path(file));
  validate_as(document, "orrery/prices/1");
  return document;
}

PriceBook build_prices(const ConfigDocument& document) {
  PriceBook book;
  book.years = number(document.root(), "years");
  book.discount_rate = number(document.root(), "discount_rate");
  book.usd_per_kwh = read_price(document, "/electricity_per_kwh").typical;
  book.pue = number(document.root(), "pue");
  const nlohmann::json& machines = document.root().at("machines");
  for (std::size_t i = 0; i < machines.size(); ++i) {
    const std::string at = "/machines/" + std::to_string(i);
    MachinePrice p;
    p.arch = machines[i].at("arch").get<std::string>();
    if (book.of(p.arch) != nullptr) throw ConfigError(document.where(at), "'" + p.arch + "' is given twice");
    if (machines[i].contains("chip_price")) p.chip_price = read_price(document, at + "/chip_price");
    if (machines[i].contains("rent_per_hour")) p.rent_per_hour = read_price(document, at + "/rent_per_hour");
    book.machines.push_back(p);
  }
  return book;
}

PriceBook load_prices(const std::string& file) {
  return build_prices(load_prices_document(file));
}

}  // namespace orrery
