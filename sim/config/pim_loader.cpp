#include "sim/config/pim_loader.h"

#include <fmt/format.h>

#include "sim/config/dtype_rates.h"

namespace orrery {

template <>
const Table& table_of<PimSpec>() {
  static const Table table = [] {
    using P = PimSpec;
    Fields<P> f("units that multiply beside the banks, all at one command");
    f.key("banks_per_unit", &P::banks_per_unit, "banks", "that share a unit and take turns").range(1, 1024);
    f.key("macs_per_cycle", &P::macs_per_cycle, "MACs per cycle", "of a unit, at rate 1")
        .required()
        .range(1, 65536);
    f.key("clock_ghz", &P::clock_hz, "GHz", "of the units").required().above(0, 100).times(1e9);
    f.other("rates", dtype_rates_shape(), "",
            "MACs a cycle by format, relative to macs_per_cycle; formats left out are not multiplied",
            [](P& p, const nlohmann::json& value, const Place&) { p.rates = dtype_rates(value); })
        .required();
    f.key("input_bytes", &P::input_bytes, "bytes",
          "of a channel's buffer: inputs that all its units multiply by")
        .required()
        .range(1, 1e9);
    f.key("sums", &P::sums, "", "results that a bank's unit sums up before they are read").range(1, 1e6);
    f.key("activate_banks", &P::activate_banks, "banks", "that one command opens").range(1, 1024);
    f.key("window_activates", &P::window_activates, "rows",
          "that tFAW admits in a channel: more where the supply is made for it")
        .range(1, 1024);
    f.key("mac_pj", &P::mac_pj, "pJ", "a multiplication and its addition in a unit")
        .required()
        .range(0, kAnyNumber)
        .bears(Bears::energy);
    f.key("read_pj_per_bit", &P::read_pj_per_bit, "pJ per bit",
          "from a bank's row into its unit; opening the row is the device's")
        .required()
        .range(0, kAnyNumber)
        .bears(Bears::energy);
    f.other(
        "row_copies", dtype_rates_shape(), "",
        "copies of rows (AAP: two activates, a precharge) in which every bit line of a bank multiplies two "
        "numbers of this format, bit by bit; the units then only add products up",
        [](P& p, const nlohmann::json& value, const Place&) { p.row_copies = dtype_rates(value); });
    f.key("dual_row_buffers", &P::dual_row_buffers, "",
          "the units have rows of their own in each bank: memory serves the cores meanwhile");
    f.key("die_share", &P::die_share, "share",
          "of the memory's die, that the units take: a GB costs as much more")
        .range(0, 0.9)
        .bears(Bears::price);
    return Table(f);
  }();
  return table;
}

std::vector<Diagnostic> check_pim(const PimSpec& pim, const DramDevice& device,
                                  const ConfigDocument& document, const std::string& pointer) {
  std::vector<Diagnostic> found;
  const auto add = [&](const char* key, const std::string& message) {
    found.push_back(document.diagnostic(pointer + "/" + key, message));
  };
  const std::uint64_t row_macs = device.page_bytes * 8 / 16;
  if (pim.macs_per_cycle > row_macs) {
    add("macs_per_cycle",
        fmt::format(
            "'macs_per_cycle' is {}: words of 16 bits wider than a bank's row of {} bytes; at most {}",
            pim.macs_per_cycle, device.page_bytes, row_macs));
  }
  const auto divides = [&](const char* key, std::uint32_t value) {
    if (device.banks() % value != 0)
      add(key, fmt::format("'{}' is {}, which does not divide the {} banks of a channel", key, value,
                           device.banks()));
  };
  divides("banks_per_unit", pim.banks_per_unit);
  divides("activate_banks", pim.activate_banks);
  if (pim.activate_banks > pim.window_activates) {
    add("activate_banks",
        fmt::format("'activate_banks' is {}: one command opens banks of which tFAW admits {} "
                    "('window_activates')",
                    pim.activate_banks, pim.window_activates));
  }
  for (const std::string& word : words_of<DType>()) {
    const DType dtype = *from_word<DType>(word);
    if (!pim.bit_serial(dtype) || pim.multiplies(dtype)) continue;
    add("row_copies",
        fmt::format("'row_copies' has {}, whose products no unit adds up: give it a rate in 'rates'", word));
  }
  if (pim.input_bytes < device.burst_bytes()) {
    add("input_bytes", fmt::format("'input_bytes' is {}: the buffer holds no burst of {} bytes",
                                   pim.input_bytes, device.burst_bytes()));
  }
  return found;
}

}  // namespace orrery
