#include "sim/config/crossbar_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/config/dtype_rates.h"

namespace orrery {

std::uint32_t CrossbarSpec::usable_cols() const {
  const std::uint32_t kept = cols - std::min(spare_cols, cols);
  if (faulty_share <= 0) return kept;
  return std::min(kept, static_cast<std::uint32_t>(std::lround(cols * std::pow(1 - faulty_share, rows))));
}

double CrossbarSpec::vector_cycles(std::uint64_t columns) const {
  const auto converted = static_cast<double>(std::min<std::uint64_t>(columns, columns_per_adc));
  return phases() * std::max(read_cycles, adc_cycles * converted);
}

template <>
const Table& table_of<CrossbarSpec>() {
  static const Table table = [] {
    using C = CrossbarSpec;
    constexpr double kMost = 1 << 24;
    Fields<C> f("arrays of memory cells that multiply where they lie");
    f.other("kind", Shape::word({"crossbar"}), "", "of engine").required();
    f.key("count", &C::count, "", "crossbars a core").range(1, kMost);
    f.key("in_place", &C::in_place, "",
          "of them, that hold weights for good; the others are written as they run")
        .range(0, kMost);
    f.key("copies", &C::copies, "", "of a weight held in place, that share its inputs").range(1, 65536);
    f.key("rows", &C::rows, "cells", "that inputs drive").required().range(1, 65536);
    f.key("cols", &C::cols, "cells", "whose sums are converted").required().range(1, 65536);
    f.key("spare_cols", &C::spare_cols, "cells", "of 'cols', that take the place of columns with a fault")
        .range(0, 65536);
    f.key("faulty_share", &C::faulty_share, "",
          "of the cells, that hold what they were made with: a column with one is not used")
        .range(0, 1);
    f.key("endurance_writes", &C::endurance_writes, "writes", "of a cell until it wears out")
        .range(0, 1e18)
        .standing("not said: results do not say how long cells last");
    f.key("cell_bits", &C::cell_bits, "bits", "of a weight in one cell").required().range(1, 16);
    f.key("weight_bits", &C::weight_bits, "bits", "of a weight, in cells of neighbouring columns")
        .range(1, 32);
    f.key("input_bits", &C::input_bits, "bits", "of an input").range(1, 32);
    f.key("dac_bits", &C::dac_bits, "bits", "of an input that drive a row at a time").required().range(1, 16);
    f.key("adc_bits", &C::adc_bits, "bits", "of the ADCs").required().range(1, 16);
    f.key("columns_per_adc", &C::columns_per_adc, "columns", "that share an ADC and take turns")
        .required()
        .range(1, 65536);
    f.key("read_cycles", &C::read_cycles, "cycles", "until a column's current has settled").range(0, 1e6);
    f.key("adc_cycles", &C::adc_cycles, "cycles", "a conversion").range(0, 1e6);
    f.key("write_cycles", &C::write_cycles, "cycles", "a row of cells").required().range(0, 1e9);
    f.key("double_buffered", &C::double_buffered, "",
          "the next operand is written beside the current stream");
    f.other("rates", dtype_rates_shape(), "", "formats that it multiplies, relative to its size",
            [](C& c, const nlohmann::json& value, const Place&) { c.rates = dtype_rates(value); })
        .required();
    f.key("cell_mac_pj", &C::cell_mac_pj, "pJ", "a weight's cells and an input, all bits of both")
        .required()
        .range(0, kAnyNumber)
        .bears(Bears::energy);
    f.key("cell_write_pj", &C::cell_write_pj, "pJ", "a cell")
        .required()
        .range(0, kAnyNumber)
        .bears(Bears::energy);
    f.key("adc_fj_per_step", &C::adc_fj_per_step, "fJ",
          "of an ADC, of which a conversion of b bits takes 2^b")
        .range(0, kAnyNumber)
        .bears(Bears::energy)
        .standing("the energy table's");
    f.key("array_mm2", &C::array_mm2, "mm2", "of a crossbar with its converters")
        .range(0, 1e4)
        .bears(Bears::energy)
        .standing("as other multipliers");
    return Table(f);
  }();
  return table;
}

std::vector<Diagnostic> check_crossbar(const CrossbarSpec& spec, const ConfigDocument& document,
                                       const std::string& pointer) {
  std::vector<Diagnostic> found;
  const auto add = [&](const char* key, const std::string& message) {
    found.push_back(document.diagnostic(pointer + "/" + key, message));
  };
  const std::uint32_t columns = spec.columns_per_weight();
  if (spec.cols >= columns && spec.usable_cols() < columns) {
    add(spec.faulty_share > 0 ? "faulty_share" : "spare_cols",
        fmt::format(
            "of {} columns {} are spare and {:.3g} expected to be without a fault: {} can be used, and a "
            "weight takes {}",
            spec.cols, spec.spare_cols, spec.cols * std::pow(1 - spec.faulty_share, spec.rows),
            spec.usable_cols(), columns));
  }
  if (spec.cols < columns) {
    add("cols",
        fmt::format(
            "'cols' is {}: too few for one weight of {} bits, which takes {} columns of {} bits each; "
            "at least {}",
            spec.cols, spec.weight_bits, columns, spec.cell_bits, columns));
  } else if (spec.cols % columns != 0) {
    add("cols",
        fmt::format("'cols' is {}, no multiple of the {} columns of a weight ({} bits in cells of {})",
                    spec.cols, columns, spec.weight_bits, spec.cell_bits));
  }
  if (spec.read_cycles <= 0 && spec.adc_cycles <= 0)
    add("read_cycles",
        "'read_cycles' and 'adc_cycles' are 0: a vector would take no time; one of them above 0");
  if (spec.copies > 1 && spec.in_place == 0)
    add("copies",
        fmt::format("'copies' is {}: of weights held in place, of which there are none ('in_place')",
                    spec.copies));
  if (spec.dac_bits > spec.input_bits)
    add("dac_bits",
        fmt::format("'dac_bits' is {}: more than an input has ({})", spec.dac_bits, spec.input_bits));
  if (spec.columns_per_adc > spec.cols)
    add("columns_per_adc",
        fmt::format("'columns_per_adc' is {}: the crossbar has {} columns", spec.columns_per_adc, spec.cols));
  if (spec.in_place >= spec.count)
    add("in_place",
        fmt::format("'in_place' is {} of {} crossbars: at least one must be there for operands that "
                    "are written as they run",
                    spec.in_place, spec.count));
  return found;
}

}  // namespace orrery
