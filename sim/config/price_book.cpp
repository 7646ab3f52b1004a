#include "sim/config/price_book.h"

namespace orrery {
template <>
const Table& table_of<MachinePrice>() {
  static const Table table = [] {
    using P = MachinePrice;
    Fields<P> f("what a machine costs", Bears::price);
    f.key("arch", &P::arch, "", "machine").required();
    add_price(f, "chip_price", &P::chip_price, "USD", "a chip, bought");
    add_price(f, "rent_per_hour", &P::rent_per_hour, "USD per hour", "a chip, rented");
    add_price(f, "server_price", &P::server_price, "USD", "a server without its chips");
    f.key("host_w", &P::host_w, "W", "of a server beside its chips, under load").range(0, 1e6);
    f.key("chips_per_server", &P::chips_per_server, "chips", "that a server holds").range(1, 1024);
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<PriceBook>() {
  static const Table table = [] {
    using B = PriceBook;
    Fields<B> f("orrery/prices/1: what machines cost, bought or rented", Bears::price);
    f.document("orrery/prices/1");
    f.key("machines", &B::machines, "", "one each").required();
    f.key("years", &B::years, "years", "over which a purchase is spread").required().above(0, kAnyNumber);
    f.key("discount_rate", &B::discount_rate, "per year", "of capital").required().range(0, 1);
    add_price(f, "electricity_per_kwh", &B::electricity_per_kwh, "USD per kWh", "at the wall").required();
    f.key("pue", &B::pue, "", "power of the building over that of its machines")
        .required()
        .range(1, kAnyNumber);
    return Table(f);
  }();
  return table;
}

const MachinePrice* PriceBook::of(const std::string& arch) const {
  for (const MachinePrice& p : machines) {
    if (p.arch == arch) return &p;
  }
  return nullptr;
}

ConfigDocument load_prices_document(const std::string& name) {
  return open_document(name, kPrices);
}

PriceBook build_prices(const ConfigDocument& document) {
  auto book = read_document<PriceBook>(document);
  for (std::size_t i = 0; i < book.machines.size(); ++i) {
    const std::string& arch = book.machines[i].arch;
    if (book.of(arch) != &book.machines[i])
      throw ConfigError(document.where("/machines/" + std::to_string(i)), "'" + arch + "' is given twice");
  }
  return book;
}

PriceBook load_prices(const std::string& name) {
  return build_prices(load_prices_document(name));
}

}  // namespace orrery
