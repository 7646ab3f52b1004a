#pragma once
// What silicon costs and how much of it things take (arch_configs/technology, schema orrery/technology/1).

#include <vector>

#include "sim/config/open_document.h"
#include "sim/config/uncertain_number.h"

namespace orrery {

struct Process {
  double nm = 0;
  double sram_um2_per_bit = 0;  // macro
  double logic_mtr_per_mm2 = 0;
  UncertainNumber wafer_price, defects_per_cm2, mask_set_price, design_price;
};

// Areas in um2 at the density they were published for; see the file for sources.
struct AreaConstants {
  double reference_logic_mtr_per_mm2 = 0;
  double int8_mac_um2 = 0, fp16_mac_um2 = 0, fp32_mac_um2 = 0, fp64_mac_um2 = 0;
  double register_file_factor = 1, core_control_factor = 1;
  double cache_overhead = 1, cache_mm2_per_byte_per_cycle = 0;
  double wire_pitch_um = 0, crossbar_factor = 1;
  double hbm_phy_mm2_per_stack = 0, hbm_control_mm2_per_stack = 0, dram_phy_mm2_per_channel = 0;
  double link_mm2_per_gb_per_s = 0, other_share = 0;
  double least_published = 1, most_published = 1;  // over what is modelled, nine of ten dies
};

struct Technology {
  std::vector<Process> nodes;
  AreaConstants area;
  double yield_clustering = 1, wafer_mm = 300, scribe_mm = 0, test_share = 0;
  double die_to_die_share = 0, assembly_yield = 1;
  double defect_reference_quarters = 0, defect_initial = 1, defect_learning_quarters = 1;
  UncertainNumber standard_package_price, interposer_package_price, hbm_price_per_gb, dram_price_per_gb;

  bool has_process(double nm) const;
  // Throws ConfigError naming those there are when the table lacks `nm`; `where` asked for it.
  const Process& process(double nm, const std::string& where = "") const;
};

template <>
const Table& table_of<Process>();
template <>
const Table& table_of<AreaConstants>();
template <>
const Table& table_of<Technology>();

inline constexpr DocumentKind kTechnology = {"orrery/technology/1", "technology table", "technology",
                                             &table_of<Technology>};

// A name in arch_configs/technology, or a path. Throws ConfigError: schema, a price without currency or date.
ConfigDocument load_technology_document(const std::string& name = "silicon");
Technology build_technology(const ConfigDocument& document);
Technology load_technology(const std::string& name = "silicon");

}  // namespace orrery
