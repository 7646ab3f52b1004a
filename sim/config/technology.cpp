#include "sim/config/technology.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "sim/config/document_reader.h"
#include "sim/config/schema_validation.h"
#include "sim/util/data_home.h"

namespace orrery {

bool Technology::has_node(double nm) const {
  return std::any_of(nodes.begin(), nodes.end(), [nm](const TechnologyNode& n) { return n.nm == nm; });
}

const TechnologyNode& Technology::node(double nm, const std::string& where) const {
  std::string known;
  for (const TechnologyNode& n : nodes) {
    if (n.nm == nm) return n;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", n.nm);
  }
  throw ConfigError(where, fmt::format("the technology table has no {} nm; it has {}", nm, known));
}

ConfigDocument load_technology_document(const std::string& name) {
  std::filesystem::path path = data_home() / "arch_configs" / "technology" / (name + ".yaml");
  if (std::filesystem::path(name).extension() == ".yaml") path = name;
  ConfigDocument document = ConfigDocument::load(path);
  validate_as(document, "orrery/technology/1");
  if (const auto unused = document.unused_sources(); !unused.empty()) throw ConfigError(unused);
  return document;
}

Technology build_technology(const ConfigDocument& document) {
  const nlohmann::json& r = document.root();
  Technology t;
  for (std::size_t i = 0; i < r.at("nodes").size(); ++i) {
    const nlohmann::json& n = r["nodes"][i];
    const std::string at = "/nodes/" + std::to_string(i);
    t.nodes.push_back(
        {number(n, "nm"), number(n, "sram_um2_per_bit"), number(n, "logic_mtr_per_mm2"),
         read_price(document, at + "/wafer_price"), read_estimate(document, at + "/defects_per_cm2"),
         read_price(document, at + "/mask_set_price"), read_price(document, at + "/design_price")});
  }
  const nlohmann::json& a = r.at("area");
  t.area = {number(a, "reference_logic_mtr_per_mm2"),
            number(a, "int8_mac_um2"),
            number(a, "fp16_mac_um2"),
            number(a, "fp32_mac_um2"),
            number(a, "fp64_mac_um2"),
            number(a, "register_file_factor"),
            number(a, "core_control_factor"),
            number(a, "cache_overhead"),
            number(a, "cache_mm2_per_byte_per_cycle"),
            number(a, "wire_pitch_um"),
            number(a, "crossbar_factor"),
            number(a, "hbm_phy_mm2_per_stack"),
            number(a, "hbm_control_mm2_per_stack"),
            number(a, "dram_phy_mm2_per_channel"),
            number(a, "link_mm2_per_gb_per_s"),
            number(a, "other_share")};
  t.yield_clustering = number(r, "yield_clustering");
  t.wafer_mm = number(r, "wafer_mm");
  t.scribe_mm = number(r, "scribe_mm");
  t.test_share = number(r, "test_share");
  t.die_to_die_share = number(r, "die_to_die_share");
  t.assembly_yield = number(r, "assembly_yield");
  const nlohmann::json& learning = r.at("defect_learning");
  t.defect_reference_quarters = number(learning, "reference_quarters");
  t.defect_initial = number(learning, "initial_factor");
  t.defect_learning_quarters = number(learning, "quarters");
  t.standard_package_price = read_price(document, "/standard_package_price");
  t.interposer_package_price = read_price(document, "/interposer_package_price");
  t.hbm_price_per_gb = read_price(document, "/hbm_price_per_gb");
  t.dram_price_per_gb = read_price(document, "/dram_price_per_gb");
  return t;
}

Technology load_technology(const std::string& name) {
  return build_technology(load_technology_document(name));
}

}  // namespace orrery
