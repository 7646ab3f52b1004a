#include "sim/estimate/price_figures.h"

#include "sim/estimate/chip_cost.h"
#include "sim/estimate/ownership.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

// Typical values of arch_configs/costs/defaults.yaml, host and server left out: a chip on its own.
constexpr double kYears = 4;
constexpr double kDiscountRate = 0.08;
constexpr double kUsdPerKwh = 0.09;
constexpr double kPue = 1.3;
constexpr double kHoursAYear = 8766;

}  // namespace

void add_price_figures(RunResult& r, const ArchSpec& arch, const Technology& technology,
                       const std::vector<MachinePrice>& prices) {
  // An FPGA is a part of its maker; what it costs to make is not asked.
  if (technology.has_node(arch.process_nm) && !arch.reconfigurable) {
    CostScenario scenario;
    CostOption option;
    option.acquisition = Acquisition::make;
    add_technology(scenario, option, arch, technology);
    r.area_mm2 = option.die_mm2;
    // No margin: what it costs to make.
    scenario.variables.push_back({"margin", Estimate::exactly(0), false});
    option.margin = scenario.variables.size() - 1;
    r.price.unit_cost = made_chip(option, typical_draw(scenario)).unit;
  }
  const MachinePrice* price = price_of(prices, arch.name);
  if (price == nullptr || r.tokens_per_s <= 0) return;
  const double tokens = r.tokens_per_s * kHoursAYear * 3600;
  if (price->chip_price) {
    r.price.chip_price = price->chip_price->typical;
    const double capital =
        r.devices * price->chip_price->typical * capital_recovery_factor(kDiscountRate, kYears);
    const double power = r.average_power_w * 1e-3 * kHoursAYear * kPue * kUsdPerKwh;
    r.price.per_m_output_tokens = (capital + power) / tokens * 1e6;
  } else if (price->rent_per_hour) {
    r.price.per_m_output_tokens = r.devices * price->rent_per_hour->typical * kHoursAYear / tokens * 1e6;
  }
}

}  // namespace orrery
