#include "sim/config/dram_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/config/document_reader.h"
#include "sim/config/document_reference.h"
#include "sim/config/schema_validation.h"
#include "sim/util/data_home.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

using nlohmann::json;

std::filesystem::path preset_folder() {
  return data_home() / "arch_configs" / "dram";
}

ConfigDocument load_preset(const json& preset, const std::string& where) {
  ConfigDocument document = referenced_document(preset, preset_folder(), "DRAM preset", where);
  validate_as(document, "orrery/dram/1");
  return document;
}

double preset_clock_ns(const json& preset, double data_rate_mtps) {
  return number(preset, "clock_ns", 1e3 * integer(preset, "transfers_per_clock") / data_rate_mtps);
}

// Timings of a preset, given either in clocks or in ns.
class TimingReader {
 public:
  TimingReader(const json& preset, double clock_ns)
      : in_clocks_(preset.contains("timing_clocks")),
        table_(preset.at(in_clocks_ ? "timing_clocks" : "timing_ns")),
        clock_ns_(clock_ns) {}

  bool has(const char* key) const { return table_.contains(key); }
  double ns(const char* key) const { return number(table_, key) * (in_clocks_ ? clock_ns_ : 1); }
  // Whole clocks; a figure rounded to three digits does not cost one more.
  std::uint32_t clocks(const char* key, std::uint32_t fallback = 0) const {
    if (!has(key)) return fallback;
    return static_cast<std::uint32_t>(std::ceil(ns(key) / clock_ns_ - 0.01));
  }

 private:
  bool in_clocks_;
  const json& table_;
  double clock_ns_;
};

DramTimings read_timings(const json& p, double clock_ns, std::uint32_t burst_clocks) {
  const TimingReader read(p, clock_ns);
  DramTimings t;
  t.cl = read.clocks("cl");
  t.cwl = read.clocks("cwl");
  t.trcd_rd = read.clocks("trcd");
  t.trcd_wr = read.clocks("trcd_write", t.trcd_rd);
  t.trp = read.clocks("trp");
  t.tras = read.clocks("tras");
  t.trc = std::max(read.clocks("trc"), t.tras + t.trp);
  t.trrd_s = read.clocks("trrd_s");
  t.trrd_l = read.clocks("trrd_l", t.trrd_s);
  t.tfaw = read.clocks("tfaw");
  t.t32aw = read.clocks("t32aw");
  t.tccd_s = integer(p, "nccd_s");
  t.tccd_l = integer(p, "nccd_l");
  t.tccd_s_wr = integer(p, "nccd_s_write", t.tccd_s);
  t.tccd_l_wr = integer(p, "nccd_l_write", t.tccd_l);
  t.tccd_r = integer(p, "nccd_r");
  t.trtp = read.clocks("trtp");
  t.twr = read.clocks("twr");
  t.twtr_s = read.clocks("twtr_s");
  t.twtr_l = read.clocks("twtr_l");
  // Without a figure of its own: the write's data follows the read's after one idle clock.
  const std::uint32_t gap = t.cl + burst_clocks + 1;
  t.trtw = read.clocks("trtw", gap > t.cwl ? gap - t.cwl : 1);
  t.tppd = read.clocks("tppd");
  t.trefi = read.clocks("trefi");
  t.trfc = read.clocks("trfc");
  t.trefi_pb = read.clocks("trefi_pb");
  t.trfc_pb = read.clocks("trfc_pb");
  t.trrefd = read.clocks("trrefd", t.trrd_s);
  return t;
}

DramControllerSpec read_controller(const json& p) {
  DramControllerSpec c;
  if (!p.contains("controller")) return c;
  const json& j = p["controller"];
  if (j.value("scheduling", "oldest_ready") == "bank_round_robin")
    c.scheduling = DramScheduling::bank_round_robin;
  if (j.value("page_policy", "open") == "closed") c.page_policy = DramPagePolicy::closed;
  c.read_queue = integer(j, "read_queue", c.read_queue);
  c.write_queue = integer(j, "write_queue", c.write_queue);
  c.bank_queue = integer(j, "bank_queue", c.bank_queue);
  c.row_hit_cap = integer(j, "row_hit_cap", c.row_hit_cap);
  c.write_high = number(j, "write_high", c.write_high);
  c.write_low = number(j, "write_low", c.write_low);
  c.write_idle = integer(j, "write_idle", c.write_idle);
  return c;
}

std::optional<DramCurrents> read_currents(const json& p) {
  if (!p.contains("idd_ma")) return std::nullopt;
  const json& j = p["idd_ma"];
  DramCurrents c;
  c.vdd = number(p, "vdd_v");
  c.idd0 = number(j, "idd0");
  c.idd2n = number(j, "idd2n");
  c.idd3n = number(j, "idd3n");
  c.idd4r = number(j, "idd4r");
  c.idd4w = number(j, "idd4w");
  c.idd5ab = number(j, "idd5ab");
  c.idd5pb = number(j, "idd5pb");
  c.devices = integer(p, "devices_per_channel", 1);
  return c;
}

DramDevice read_device(const json& p, const std::string& name) {
  DramDevice d;
  d.preset = name;
  d.kind = p.at("kind").get<std::string>();
  d.data_rate_mtps = number(p, "data_rate_mtps");
  d.clock_ns = preset_clock_ns(p, d.data_rate_mtps);
  d.width_bits = integer(p, "channel_width_bits");
  d.pseudo_channels = integer(p, "pseudo_channels", 1);
  d.stacked = p.contains("stack_ids");
  d.ranks = integer(p, d.stacked ? "stack_ids" : "ranks", 1);
  d.bank_groups = integer(p, "bank_groups");
  d.banks_per_group = integer(p, "banks_per_group");
  d.page_bytes = integer(p, "page_bytes");
  d.rows = integer(p, "rows", d.rows);
  d.burst_length = integer(p, "burst_length");
  d.burst_clocks = ceil_div(d.burst_length, integer(p, "transfers_per_clock"));
  d.timing = read_timings(p, d.clock_ns, d.burst_clocks);
  if (p.contains("command_bus")) {
    const json& bus = p["command_bus"];
    d.bus.split = bus.value("split", false);
    d.bus.half_clock_rows = bus.value("half_clock_rows", false);
    d.bus.act_clocks = number(bus, "act_clocks", 1);
    d.bus.precharge_clocks = number(bus, "precharge_clocks", 1);
    d.bus.column_clocks = number(bus, "column_clocks", 1);
  }
  if (p.value("refresh", "all_bank") == "per_bank") d.refresh = DramRefresh::per_bank;
  d.controller = read_controller(p);
  d.currents = read_currents(p);
  return d;
}

// The device at another data rate: times stay, so their clocks change; what counts in clocks (tCCD) does not.
DramDevice at_data_rate(DramDevice d, double rate_mtps) {
  const double faster = rate_mtps / d.data_rate_mtps;
  d.data_rate_mtps = rate_mtps;
  d.clock_ns /= faster;
  DramTimings& t = d.timing;
  for (std::uint32_t* clocks :
       {&t.cl,     &t.cwl,    &t.trcd_rd, &t.trcd_wr,  &t.trp,     &t.tras,  &t.trc,
        &t.trrd_s, &t.trrd_l, &t.tfaw,    &t.t32aw,    &t.trtp,    &t.twr,   &t.twtr_s,
        &t.twtr_l, &t.trefi,  &t.trfc,    &t.trefi_pb, &t.trfc_pb, &t.trrefd}) {
    *clocks = static_cast<std::uint32_t>(std::ceil(*clocks * faster - 1e-9));
  }
  t.trc = std::max(t.trc, t.tras + t.trp);
  const std::uint32_t gap = t.cl + d.burst_clocks + 1;
  t.trtw = std::max(t.trtw, gap > t.cwl ? gap - t.cwl : 1);
  return d;
}

}  // namespace

std::vector<std::string> dram_preset_names() {
  return names_in(preset_folder());
}

std::vector<Diagnostic> check_dram_device(const DramDevice& d, const std::string& where) {
  std::vector<Diagnostic> found;
  const auto add = [&](const std::string& message) { found.push_back({where, message}); };
  const DramTimings& t = d.timing;
  if (d.page_bytes % d.burst_bytes() != 0) {
    add(fmt::format("a page of {} bytes is not a multiple of the burst of {} bytes ({} transfers of {} bits)",
                    d.page_bytes, d.burst_bytes(), d.burst_length, d.width_bits));
  }
  if (t.trcd_rd > t.tras)
    add(fmt::format("tRCD = {} clocks exceeds tRAS = {}: a row would close before it can be read", t.trcd_rd,
                    t.tras));
  if (t.tccd_l < t.tccd_s)
    add(fmt::format("tCCD_L = {} clocks is less than tCCD_S = {}", t.tccd_l, t.tccd_s));
  if (t.trrd_l < t.trrd_s)
    add(fmt::format("tRRD_L = {} clocks is less than tRRD_S = {}", t.trrd_l, t.trrd_s));
  if (t.twtr_l < t.twtr_s)
    add(fmt::format("tWTR_L = {} clocks is less than tWTR_S = {}", t.twtr_l, t.twtr_s));
  if (t.tfaw < t.trrd_s)
    add(fmt::format("tFAW = {} clocks, the window of four activates, is less than tRRD_S = {} of one", t.tfaw,
                    t.trrd_s));
  if (t.trfc >= t.trefi)
    add(fmt::format("refresh takes tRFC = {} clocks of every tREFI = {}", t.trfc, t.trefi));
  if (d.refresh == DramRefresh::per_bank) {
    if (t.trefi_pb == 0 || t.trfc_pb == 0)
      add("refresh: per_bank needs trefi_pb and trfc_pb");
    else if (t.trfc_pb >= t.trefi_pb * d.banks())
      add(fmt::format("a bank would refresh for tRFCpb = {} clocks of every {}", t.trfc_pb,
                      t.trefi_pb * d.banks()));
  }
  if (d.controller.write_low >= d.controller.write_high)
    add(fmt::format("controller: write_low {} is not below write_high {}", d.controller.write_low,
                    d.controller.write_high));
  return found;
}

namespace {

// Throws ConfigError on timings that contradict each other.
DramDevice build_device(const ConfigDocument& document) {
  const json& p = document.root();
  std::vector<Diagnostic> found;
  const bool in_clocks = p.contains("timing_clocks");
  if (in_clocks == p.contains("timing_ns"))
    throw ConfigError(document.where(""), "give the timings once: either timing_ns or timing_clocks");
  const std::string table = in_clocks ? "/timing_clocks" : "/timing_ns";
  const double tras = p.at(nlohmann::json::json_pointer(table + "/tras")).get<double>();
  const double trp = p.at(nlohmann::json::json_pointer(table + "/trp")).get<double>();
  const double trc = p.at(nlohmann::json::json_pointer(table + "/trc")).get<double>();
  if (tras + trp > trc * (in_clocks ? 1.0 : 1.02)) {
    found.push_back(document.diagnostic(
        table + "/trc",
        fmt::format("tRAS + tRP = {} {} exceeds tRC = {}", tras + trp, in_clocks ? "clocks" : "ns", trc)));
  }
  if (integer(p, "burst_length") % integer(p, "transfers_per_clock") != 0) {
    found.push_back(document.diagnostic(
        "/burst_length", fmt::format("a burst of {} transfers is not a multiple of the {} a clock",
                                     integer(p, "burst_length"), integer(p, "transfers_per_clock"))));
  }
  const DramDevice device = read_device(p, document.path().stem().string());
  for (const Diagnostic& d : check_dram_device(device, document.where(table))) found.push_back(d);
  if (!found.empty()) throw ConfigError(found);
  return device;
}

}  // namespace

DramDevice load_dram_device(const std::string& preset) {
  return build_device(load_preset(preset, ""));
}

// By action where the preset tells them apart, or one figure a bit.
DramAccessEnergy read_access_energy(const json& level, const json& preset) {
  DramAccessEnergy e;
  if (level.contains("energy_pj_per_bit") || !preset.contains("access_energy")) {
    e.read_pj_per_bit = number(level, "energy_pj_per_bit", number(preset, "energy_pj_per_bit"));
    e.write_pj_per_bit = e.read_pj_per_bit;
  } else {
    const json& by_action = preset["access_energy"];
    e.activate_pj = number(by_action, "activate_pj");
    e.read_pj_per_bit = number(by_action, "read_pj_per_bit");
    e.write_pj_per_bit = number(by_action, "write_pj_per_bit");
    e.io_pj_per_bit = number(by_action, "io_pj_per_bit");
  }
  e.controller_pj_per_bit = number(level, "controller_pj_per_bit");
  return e;
}

DramSpec load_dram(const nlohmann::json& level, const ConfigDocument& document, const std::string& pointer) {
  const ConfigDocument preset = load_preset(level["preset"], document.where(pointer + "/preset"));
  const json& p = preset.root();
  DramSpec spec;
  spec.device = build_device(preset);
  spec.device = at_data_rate(spec.device, number(level, "data_rate_mtps", spec.device.data_rate_mtps));
  if (const auto found = check_dram_device(spec.device, document.where(pointer)); !found.empty())
    throw ConfigError(found);
  DramControllerSpec& controller = spec.device.controller;
  controller.write_queue = integer(level, "write_queue_bursts", controller.write_queue);
  spec.energy = read_access_energy(level, p);
  const std::uint32_t stack_bits = integer(p, "stack_width_bits");
  if (level.contains("channels") == level.contains("stacks"))
    throw ConfigError(document.where(pointer), "say how much memory there is once: channels or stacks");
  if (level.contains("stacks") && stack_bits == 0)
    throw ConfigError(document.where(pointer + "/stacks"),
                      "the preset does not say how wide a stack is (stack_width_bits); say channels");
  spec.channels = integer(level, "channels", integer(level, "stacks") * stack_bits / spec.device.width_bits);
  spec.capacity_bytes = scaled(level, "capacity_gib", kGiB);
  spec.allocatable_bytes =
      spec.capacity_bytes - std::min(spec.capacity_bytes, scaled(level, "reserved_gib", kGiB));
  spec.interleave_bytes = integer(level, "interleave_bytes", 256);
  spec.controller_latency_ns = number(level, "controller_latency_ns");
  spec.bus_bytes_per_cycle = number(level, "bus_bytes_per_cycle");
  return spec;
}

}  // namespace orrery
