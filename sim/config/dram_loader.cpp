#include "sim/config/dram_loader.h"

#include "sim/config/document_reader.h"
#include "sim/config/schema_validation.h"
#include "sim/util/data_home.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(data_home() / "arch_configs" / "dram")) {
    names.push_back(entry.path().stem().string());
  }
  return names;
}

}  // namespace

DramSpec load_dram(const nlohmann::json& level, const ConfigDocument& document, const std::string& pointer) {
  DramSpec spec;
  spec.preset = level.at("preset").get<std::string>();
  const auto path = data_home() / "arch_configs" / "dram" / (spec.preset + ".yaml");
  if (!std::filesystem::exists(path)) {
    throw ConfigError(document.where(pointer + "/preset"),
                      "no DRAM preset '" + spec.preset + "'" + did_you_mean(spec.preset, preset_names()));
  }
  const ConfigDocument preset = ConfigDocument::load(path);
  validate_as(preset, "orrery/dram/1");
  const nlohmann::json& p = preset.root();
  const nlohmann::json& t = p.at("timing_ns");
  spec.kind = p.at("kind").get<std::string>();
  spec.data_rate_mtps = number(level, "data_rate_mtps", number(p, "data_rate_mtps"));
  spec.transfers_per_clock = integer(p, "transfers_per_clock");
  spec.channel_width_bits = integer(p, "channel_width_bits");
  spec.burst_length = integer(p, "burst_length");
  spec.bank_groups = integer(p, "bank_groups");
  spec.banks_per_group = integer(p, "banks_per_group");
  spec.page_bytes = integer(p, "page_bytes");
  spec.nccd_s = integer(p, "nccd_s");
  spec.nccd_l = integer(p, "nccd_l");
  spec.cl_ns = number(t, "cl");
  spec.cwl_ns = number(t, "cwl");
  spec.trcd_ns = number(t, "trcd");
  spec.trp_ns = number(t, "trp");
  spec.tras_ns = number(t, "tras");
  spec.trc_ns = number(t, "trc");
  spec.trrd_s_ns = number(t, "trrd_s");
  spec.tfaw_ns = number(t, "tfaw");
  spec.trtp_ns = number(t, "trtp");
  spec.twr_ns = number(t, "twr");
  spec.twtr_s_ns = number(t, "twtr_s");
  spec.twtr_l_ns = number(t, "twtr_l");
  spec.trefi_ns = number(t, "trefi");
  spec.trfc_ns = number(t, "trfc");
  spec.energy_pj_per_bit = number(level, "energy_pj_per_bit", number(p, "energy_pj_per_bit"));
  spec.channels = integer(level, "channels");
  spec.capacity_bytes = scaled(level, "capacity_gib", kGiB);
  spec.write_queue_bursts = integer(level, "write_queue_bursts", spec.write_queue_bursts);
  spec.interleave_bytes = integer(level, "interleave_bytes", 256);
  spec.controller_latency_ns = number(level, "controller_latency_ns");
  spec.bus_bytes_per_cycle = number(level, "bus_bytes_per_cycle");
  return spec;
}

}  // namespace orrery
