#include "sim/estimate/made_chip.h"

#include "sim/estimate/area.h"
#include "sim/estimate/chip_cost.h"
#include "sim/estimate/cost_draw.h"

namespace orrery {
namespace {

UncertainNumber times(UncertainNumber e, double factor) {
  e.low *= factor, e.typical *= factor, e.high *= factor;
  return e;
}

}  // namespace

ChipMake make_of(CostOption& option, const ArchSpec& arch, const Technology& technology) {
  ChipMake make;
  make.dies = option.dies;
  make.spare_share = option.spare_share;
  const bool made = option.acquisition == Acquisition::make;
  const bool modelled = made || (technology.has_process(arch.process_nm) && !arch.reconfigurable);
  make.die_mm2 = modelled ? die_area_mm2(arch, technology) / option.dies : arch.die_mm2;
  make.memory_gb = static_cast<double>(arch.dram.capacity_bytes) * 1e-9;
  if (!made) return make;
  const Process& process = technology.process(arch.process_nm);
  const bool stacked = has_stacked_memory(arch);
  OptionTerms<UncertainNumber>& terms = option.terms;
  terms.wafer_price = process.wafer_price;
  terms.defects_per_cm2 = process.defects_per_cm2;
  if (option.process_age_quarters) {
    terms.defects_per_cm2 =
        times(process.defects_per_cm2,
              defect_learning(*option.process_age_quarters, technology.defect_reference_quarters,
                              technology.defect_initial, technology.defect_learning_quarters));
  }
  terms.mask_set_price = process.mask_set_price;
  terms.design_price = process.design_price;
  terms.package_price =
      stacked || option.dies > 1 ? technology.interposer_package_price : technology.standard_package_price;
  terms.memory_price_per_gb = stacked ? technology.hbm_price_per_gb : technology.dram_price_per_gb;
  const std::uint32_t stacks = stacked ? memory_stacks(arch) : 0;
  make.placed_parts = stacks > 0 || option.dies > 1 ? option.dies + stacks : 0;
  if (arch.dram.pim) make.memory_units_share = arch.dram.pim->die_share;
  make.die_to_die_share = technology.die_to_die_share;
  make.assembly_yield = technology.assembly_yield;
  make.test_share = technology.test_share;
  make.yield_clustering = technology.yield_clustering;
  make.wafer_mm = technology.wafer_mm;
  make.scribe_mm = technology.scribe_mm;
  return make;
}

MadeChip made_chip(const ChipMake& make, const OptionTerms<double>& draw) {
  ChipCostInputs in;
  in.die_mm2 = make.die_mm2;
  in.dies = make.dies;
  in.spare_share = make.spare_share;
  in.wafer_price = draw.wafer_price;
  in.wafer_mm = make.wafer_mm;
  in.scribe_mm = make.scribe_mm;
  in.defects_per_cm2 = draw.defects_per_cm2;
  in.yield_clustering = make.yield_clustering;
  in.package_price = draw.package_price;
  in.memory_gb = make.memory_gb;
  in.memory_price_per_gb = draw.memory_price_per_gb / (1 - make.memory_units_share);
  in.test_share = make.test_share;
  in.die_to_die_share = make.die_to_die_share;
  in.assembly_yield = make.assembly_yield;
  in.placed_parts = make.placed_parts;
  const ChipCost cost = chip_cost(in);
  const double nre = draw.mask_set_price + draw.design_price + draw.ip_price;
  return {cost.total() * (1 + draw.margin), nre, cost.yield};
}

ChipFigures chip_figures(const ArchSpec& arch, const Technology& technology) {
  CostOption option;
  option.acquisition = Acquisition::make;
  const ChipMake make = make_of(option, arch, technology);
  return {made_chip(make, typical_terms(option.terms)).unit, make.die_mm2};
}

}  // namespace orrery
