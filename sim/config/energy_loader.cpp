#include "sim/config/energy_loader.h"

#include <algorithm>

#include "sim/config/document_reader.h"
#include "sim/config/document_reference.h"
#include "sim/config/schema_validation.h"
#include "sim/util/data_home.h"

namespace orrery {

EnergyTable load_energy_table(const nlohmann::json& reference, const std::string& where) {
  const ConfigDocument document =
      referenced_document(reference, data_home() / "arch_configs" / "energy", "energy table", where);
  validate_as(document, "orrery/energy/1");
  const nlohmann::json& root = document.root();
  EnergyTable table;
  table.name = referenced_name(reference);
  table.mac_pj = dtype_values<DTypeRates>(root.at("mac_pj"));
  table.vector_op_pj = number(root, "vector_op_pj");
  table.transcendental_op_pj = number(root, "transcendental_op_pj");
  table.wire_pj_per_bit_mm = number(root, "wire_pj_per_bit_mm");
  table.router_pj_per_bit = number(root, "router_pj_per_bit");
  table.adc_fj_per_step = number(root, "adc_fj_per_step");
  table.dac_fj_per_step = number(root, "dac_fj_per_step");
  table.leakage_w_per_mm2 = number(root, "leakage_w_per_mm2");
  table.clock_w_per_mm2_ghz = number(root, "clock_w_per_mm2_ghz");
  for (const auto& point : root.at("sram")) {
    table.sram_pj_per_bit.emplace_back(number(point, "bank_kib"), number(point, "pj_per_bit"));
  }
  std::sort(table.sram_pj_per_bit.begin(), table.sram_pj_per_bit.end());
  return table;
}

}  // namespace orrery
