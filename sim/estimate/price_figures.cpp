#include "sim/estimate/price_figures.h"

#include "sim/estimate/chip_cost.h"
#include "sim/estimate/made_chip.h"
#include "sim/util/units.h"

namespace orrery {

namespace {

// `tokens_per_s`: of the output.
template <class Result>
void add(Result& r, double tokens_per_s, const ArchSpec& arch, const Technology& technology,
         const PriceBook& prices) {
  // An FPGA is a part of its maker; what it costs to make is not asked.
  if (technology.has_process(arch.process_nm) && !arch.reconfigurable) {
    const ChipFigures chip = chip_figures(arch, technology);
    r.area_mm2 = chip.die_mm2 * r.devices;
    r.price.unit_cost = chip.unit_cost;
  }
  const MachinePrice* price = prices.of(arch.name);
  if (price == nullptr || tokens_per_s <= 0) return;
  const double tokens = tokens_per_s * kHoursAYear * 3600;
  if (price->chip_price) {
    r.price.chip_price = price->chip_price->typical;
    const double capital =
        r.devices * price->chip_price->typical * capital_recovery_factor(prices.discount_rate, prices.years);
    const double power =
        r.average_power_w * 1e-3 * kHoursAYear * prices.pue * prices.electricity_per_kwh.typical;
    r.price.per_m_output_tokens = (capital + power) / tokens * 1e6;
  } else if (price->rent_per_hour) {
    r.price.per_m_output_tokens = r.devices * price->rent_per_hour->typical * kHoursAYear / tokens * 1e6;
  }
}

}  // namespace

void add_price_figures(RunResult& r, const ArchSpec& arch, const Technology& technology,
                       const PriceBook& prices) {
  add(r, r.tokens_per_s, arch, technology, prices);
}

void add_price_figures(ServingResult& r, const ArchSpec& arch, const Technology& technology,
                       const PriceBook& prices) {
  add(r, r.output_tokens_per_s, arch, technology, prices);
}

}  // namespace orrery
