#include "sim/config/dram_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/config/dram_preset.h"
#include "sim/config/pim_loader.h"

namespace orrery {
namespace {

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

// By action where the preset tells them apart, or one figure a bit.
DramAccessEnergy access_energy(const DramLevel& level, const DramPreset& preset) {
  DramAccessEnergy e;
  if (level.energy_pj_per_bit || !preset.access_energy) {
    e.read_pj_per_bit = level.energy_pj_per_bit.value_or(preset.energy_pj_per_bit);
    e.write_pj_per_bit = e.read_pj_per_bit;
  } else {
    const DramActionEnergy& by_action = *preset.access_energy;
    e.activate_pj = by_action.activate_pj;
    e.read_pj_per_bit = by_action.read_pj_per_bit;
    e.write_pj_per_bit = by_action.write_pj_per_bit;
    e.io_pj_per_bit = by_action.io_pj_per_bit;
  }
  e.controller_pj_per_bit = level.controller_pj_per_bit.value_or(0);
  return e;
}

std::uint32_t channels_of(const DramLevel& level, const DramPreset& preset, const ConfigDocument& document,
                          const std::string& pointer) {
  if (level.channels.has_value() == level.stacks.has_value())
    throw ConfigError(document.where(pointer), "say how much memory there is once: channels or stacks");
  if (level.channels) return *level.channels;
  if (preset.stack_width_bits == 0)
    throw ConfigError(document.where(pointer + "/stacks"),
                      "the preset does not say how wide a stack is (stack_width_bits); say channels");
  return *level.stacks * preset.stack_width_bits / preset.channel_width_bits;
}

}  // namespace

template <>
const Table& table_of<DramLevel>() {
  static const Table table = [] {
    using L = DramLevel;
    Fields<L> f("the memory behind the chip");
    f.other("kind", Shape::word({"dram"}), "", "of level").required();
    f.key("preset", &L::preset, "", "channels and their timings")
        .shaped(Shape::reference(kDramPreset))
        .required();
    f.key("channels", &L::channels, "", "data buses: of HBM its pseudo channels; or say stacks")
        .range(1, 65536);
    f.key("stacks", &L::stacks, "", "of a preset that says how wide a stack is; in place of channels")
        .range(1, 1024);
    f.key("capacity_gib", &L::capacity_bytes, "GiB", "of all channels together")
        .required()
        .above(0, 1e6)
        .times(static_cast<double>(kGiB));
    f.key("reserved_gib", &L::reserved_bytes, "GiB",
          "of the capacity, what no process can allocate: ECC and what the driver keeps")
        .range(0, 1e6)
        .times(static_cast<double>(kGiB));
    f.key("data_rate_mtps", &L::data_rate_mtps, "MT/s", "in place of the preset's")
        .above(0, 1e7)
        .standing("the preset's");
    f.key("write_queue_bursts", &L::write_queue_bursts, "bursts",
          "writes that wait for a channel of the preset, in its controller or in the cache behind it, in "
          "place of the preset's write_queue")
        .range(1, 65536)
        .standing("the preset's");
    f.key("interleave_bytes", &L::interleave_bytes, "bytes", "consecutive bytes on one channel")
        .range(1, 1048576);
    f.key("controller_latency_ns", &L::controller_latency_ns, "ns", "controller and PHY, both ways")
        .range(0, 1e6);
    f.key("bus_bytes_per_cycle", &L::bus_bytes_per_cycle, "bytes per cycle",
          "width of the chip-side port at the core clock")
        .above(0, 1e9)
        .standing("not a limit");
    f.key("controller_pj_per_bit", &L::controller_pj_per_bit, "pJ per bit",
          "what the chip spends on a bit of DRAM beyond the device: PHY, controller, fills of the level "
          "before it")
        .range(0, 1e4)
        .bears(Bears::energy)
        .standing("the energy table's");
    f.key("energy_pj_per_bit", &L::energy_pj_per_bit, "pJ per bit",
          "read or written, in place of the preset's energies")
        .range(0, kAnyNumber)
        .bears(Bears::energy)
        .standing("the preset's");
    f.key("pim", &L::pim, "", "units that multiply beside the banks").standing("none");
    return Table(f);
  }();
  return table;
}

std::vector<std::string> dram_preset_names() {
  return names_of(kDramPreset);
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

DramDevice load_dram_device(const std::string& preset) {
  const ConfigDocument document = open_document(preset, kDramPreset);
  return device_of(read_document<DramPreset>(document), document);
}

DramSpec dram_of(const DramLevel& level, const ConfigDocument& document, const std::string& pointer) {
  const ConfigDocument content =
      open_document(level.preset, kDramPreset, document.where(pointer + "/preset"));
  const auto preset = read_document<DramPreset>(content);
  DramSpec spec;
  spec.device = device_of(preset, content);
  spec.device = at_data_rate(spec.device, level.data_rate_mtps.value_or(spec.device.data_rate_mtps));
  if (const auto found = check_dram_device(spec.device, document.where(pointer)); !found.empty())
    throw ConfigError(found);
  DramControllerSpec& controller = spec.device.controller;
  controller.write_queue = level.write_queue_bursts.value_or(controller.write_queue);
  spec.energy = access_energy(level, preset);
  spec.channels = channels_of(level, preset, document, pointer);
  spec.capacity_bytes = level.capacity_bytes;
  spec.allocatable_bytes = level.capacity_bytes - std::min(level.capacity_bytes, level.reserved_bytes);
  spec.interleave_bytes = level.interleave_bytes;
  spec.controller_latency_ns = level.controller_latency_ns;
  spec.bus_bytes_per_cycle = level.bus_bytes_per_cycle;
  spec.pim = level.pim;
  if (!spec.pim) return spec;
  if (const auto found = check_pim(*spec.pim, spec.device, document, pointer + "/pim"); !found.empty())
    throw ConfigError(found);
  return spec;
}

}  // namespace orrery
