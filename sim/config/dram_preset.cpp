#include "sim/config/dram_preset.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/config/dram_loader.h"
#include "sim/util/units.h"

namespace orrery {
namespace {

constexpr double kLongest = 1e8;  // of a timing, ns or clocks

using TimingMember = double DramTimingKeys::*;
struct TimingKey {
  const char* key;
  TimingMember member;
  bool required;
  const char* sentence;
};
constexpr TimingKey kTimings[] = {
    {"cl", &DramTimingKeys::cl, true, "CAS latency: read command to its data"},
    {"cwl", &DramTimingKeys::cwl, true, "write command to its data"},
    {"trcd", &DramTimingKeys::trcd, true, "activate to read (and to write, unless that has its own)"},
    {"trcd_write", &DramTimingKeys::trcd_write, false, "activate to write"},
    {"trp", &DramTimingKeys::trp, true, "precharge to activate"},
    {"tras", &DramTimingKeys::tras, true, "activate to precharge"},
    {"trc", &DramTimingKeys::trc, true, "activate to activate of one bank"},
    {"trrd_s", &DramTimingKeys::trrd_s, true, "activate to activate, of another bank group"},
    {"trrd_l", &DramTimingKeys::trrd_l, false, "the same within a bank group"},
    {"tfaw", &DramTimingKeys::tfaw, true, "window of four activates"},
    {"t32aw", &DramTimingKeys::t32aw, false, "window of 32 activates"},
    {"trtp", &DramTimingKeys::trtp, true, "read to precharge"},
    {"twr", &DramTimingKeys::twr, true, "end of write data to precharge"},
    {"twtr_s", &DramTimingKeys::twtr_s, true, "end of write data to read, of another bank group"},
    {"twtr_l", &DramTimingKeys::twtr_l, true, "the same within a bank group"},
    {"trtw", &DramTimingKeys::trtw, false, "read command to write command"},
    {"tppd", &DramTimingKeys::tppd, false, "precharge to precharge"},
    {"trefi", &DramTimingKeys::trefi, true, "between refreshes"},
    {"trfc", &DramTimingKeys::trfc, true, "a refresh of all banks takes"},
    {"trefi_pb", &DramTimingKeys::trefi_pb, false, "between refreshes of single banks"},
    {"trfc_pb", &DramTimingKeys::trfc_pb, false, "a refresh of one bank takes"},
    {"trrefd", &DramTimingKeys::trrefd, false, "refresh of a bank to the activate of another"}};

Table timing_table(const char* sentence, const char* unit, bool clocks) {
  Fields<DramTimingKeys> fields(sentence);
  for (const TimingKey& t : kTimings) {
    fields.key(t.key, t.member, unit, t.sentence).standing("");
    if (clocks) {
      Shape whole = Shape::of(ShapeKind::integer);
      fields.shaped(whole).range(1, kLongest);
    } else {
      fields.above(0, kLongest);
    }
    if (t.required) fields.required();
  }
  return fields;
}

const Table& table_in_ns() {
  static const Table table = timing_table("JEDEC timings in ns; this or timing_clocks", "ns", false);
  return table;
}
const Table& table_in_clocks() {
  static const Table table = timing_table("the same in clocks of the device (tCK)", "clocks", true);
  return table;
}

// Timings of a preset in clocks, however they are given.
class TimingReader {
 public:
  TimingReader(const DramPreset& preset, double clock_ns)
      : keys_(preset.timing_clocks ? *preset.timing_clocks : *preset.timing_ns),
        clock_ns_(clock_ns),
        ns_(preset.timing_clocks ? clock_ns : 1) {}

  // Whole clocks; a figure rounded to three digits does not cost one more.
  std::uint32_t clocks(TimingMember key, std::uint32_t fallback = 0) const {
    if (keys_.*key == 0) return fallback;
    return static_cast<std::uint32_t>(std::ceil(keys_.*key * ns_ / clock_ns_ - 0.01));
  }

 private:
  const DramTimingKeys& keys_;
  double clock_ns_, ns_;
};

DramTimings timings_of(const DramPreset& p, double clock_ns, std::uint32_t burst_clocks) {
  using K = DramTimingKeys;
  const TimingReader read(p, clock_ns);
  DramTimings t;
  t.cl = read.clocks(&K::cl);
  t.cwl = read.clocks(&K::cwl);
  t.trcd_rd = read.clocks(&K::trcd);
  t.trcd_wr = read.clocks(&K::trcd_write, t.trcd_rd);
  t.trp = read.clocks(&K::trp);
  t.tras = read.clocks(&K::tras);
  t.trc = std::max(read.clocks(&K::trc), t.tras + t.trp);
  t.trrd_s = read.clocks(&K::trrd_s);
  t.trrd_l = read.clocks(&K::trrd_l, t.trrd_s);
  t.tfaw = read.clocks(&K::tfaw);
  t.t32aw = read.clocks(&K::t32aw);
  t.tccd_s = p.nccd_s;
  t.tccd_l = p.nccd_l;
  t.tccd_s_wr = p.nccd_s_write > 0 ? p.nccd_s_write : t.tccd_s;
  t.tccd_l_wr = p.nccd_l_write > 0 ? p.nccd_l_write : t.tccd_l;
  t.tccd_r = p.nccd_r;
  t.trtp = read.clocks(&K::trtp);
  t.twr = read.clocks(&K::twr);
  t.twtr_s = read.clocks(&K::twtr_s);
  t.twtr_l = read.clocks(&K::twtr_l);
  // Without a figure of its own: the write's data follows the read's after one idle clock.
  const std::uint32_t gap = t.cl + burst_clocks + 1;
  t.trtw = read.clocks(&K::trtw, gap > t.cwl ? gap - t.cwl : 1);
  t.tppd = read.clocks(&K::tppd);
  t.trefi = read.clocks(&K::trefi);
  t.trfc = read.clocks(&K::trfc);
  t.trefi_pb = read.clocks(&K::trefi_pb);
  t.trfc_pb = read.clocks(&K::trfc_pb);
  t.trrefd = read.clocks(&K::trrefd, t.trrd_s);
  return t;
}

// What a preset says that its keys alone cannot rule out.
std::vector<Diagnostic> check_preset(const DramPreset& p, const ConfigDocument& document) {
  std::vector<Diagnostic> found;
  const bool in_clocks = p.timing_clocks.has_value();
  const DramTimingKeys& t = in_clocks ? *p.timing_clocks : *p.timing_ns;
  if (t.tras + t.trp > t.trc * (in_clocks ? 1.0 : 1.02)) {
    found.push_back(document.diagnostic(in_clocks ? "/timing_clocks/trc" : "/timing_ns/trc",
                                        fmt::format("tRAS + tRP = {} {} exceeds tRC = {}", t.tras + t.trp,
                                                    in_clocks ? "clocks" : "ns", t.trc)));
  }
  if (p.burst_length % p.transfers_per_clock != 0) {
    found.push_back(document.diagnostic(
        "/burst_length", fmt::format("a burst of {} transfers is not a multiple of the {} a clock",
                                     p.burst_length, p.transfers_per_clock)));
  }
  return found;
}

}  // namespace

template <>
const Table& table_of<DramCommandBus>() {
  static const Table table = [] {
    Fields<DramCommandBus> f("how many clocks a command holds its bus");
    f.key("split", &DramCommandBus::split, "", "row and column commands on buses of their own");
    f.key("half_clock_rows", &DramCommandBus::half_clock_rows, "", "row commands on both clock edges");
    f.key("act_clocks", &DramCommandBus::act_clocks, "clocks", "of an activate").above(0, 1000);
    f.key("precharge_clocks", &DramCommandBus::precharge_clocks, "clocks", "of a precharge").above(0, 1000);
    f.key("column_clocks", &DramCommandBus::column_clocks, "clocks", "of a read or write").above(0, 1000);
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<DramControllerSpec>() {
  static const Table table = [] {
    using C = DramControllerSpec;
    Fields<C> f("the controller in front of a channel");
    f.key("scheduling", &C::scheduling, "",
          "oldest_ready: the oldest request whose command may issue (FR-FCFS); bank_round_robin: banks take "
          "turns, each with its first ready one");
    f.key("page_policy", &C::page_policy, "", "whether rows stay open after an access");
    f.key("read_queue", &C::read_queue, "bursts", "reads that wait").range(1, 65536);
    f.key("write_queue", &C::write_queue, "bursts", "writes that wait").range(1, 65536);
    f.key("bank_queue", &C::bank_queue, "bursts per bank", "of bank_round_robin").range(1, 65536);
    f.key("row_hit_cap", &C::row_hit_cap, "", "row hits that may pass an older request to the bank; 0 = any")
        .range(0, 1e6);
    f.key("write_high", &C::write_high, "", "share of the write queue at which writes drain").above(0, 1);
    f.key("write_low", &C::write_low, "", "share of it down to which they do").range(0, 1);
    f.key("write_idle", &C::write_idle, "bursts", "writes that drain when no read waits; 0 = any")
        .range(0, 65536);
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<DramCurrents>() {
  static const Table table = [] {
    Fields<DramCurrents> f("supply currents of one device", Bears::energy);
    f.key("idd0", &DramCurrents::idd0, "mA", "activate and precharge").required().range(0, kAnyNumber);
    f.key("idd2n", &DramCurrents::idd2n, "mA", "all banks precharged, standing by")
        .required()
        .range(0, kAnyNumber);
    f.key("idd3n", &DramCurrents::idd3n, "mA", "a bank open, standing by").required().range(0, kAnyNumber);
    f.key("idd4r", &DramCurrents::idd4r, "mA", "reading without a pause").required().range(0, kAnyNumber);
    f.key("idd4w", &DramCurrents::idd4w, "mA", "writing without a pause").required().range(0, kAnyNumber);
    f.key("idd5ab", &DramCurrents::idd5ab, "mA", "refreshing all banks").required().range(0, kAnyNumber);
    f.key("idd5pb", &DramCurrents::idd5pb, "mA", "refreshing one bank").range(0, kAnyNumber);
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<DramActionEnergy>() {
  static const Table table = [] {
    using E = DramActionEnergy;
    Fields<E> f("energy by action, in place of energy_pj_per_bit in machines", Bears::energy);
    f.key("activate_pj", &E::activate_pj, "pJ", "a row opened and closed").required().range(0, kAnyNumber);
    f.key("read_pj_per_bit", &E::read_pj_per_bit, "pJ per bit", "read in the device")
        .required()
        .range(0, kAnyNumber);
    f.key("write_pj_per_bit", &E::write_pj_per_bit, "pJ per bit", "written in the device")
        .required()
        .range(0, kAnyNumber);
    f.key("io_pj_per_bit", &E::io_pj_per_bit, "pJ per bit", "through the device's pins")
        .required()
        .range(0, kAnyNumber);
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<DramPreset>() {
  static const Table table = [] {
    using P = DramPreset;
    Fields<P> f("orrery/dram/1: a channel of DRAM as its data sheet describes it");
    f.document("orrery/dram/1");
    f.key("kind", &P::kind, "", "of memory")
        .required()
        .shaped(Shape::word({"hbm1", "hbm2", "hbm2e", "hbm3", "hbm3e", "hbm4", "gddr5x", "gddr6", "gddr6x",
                             "ddr4", "ddr5", "lpddr4", "lpddr5", "lpddr5x", "sram"}));
    f.key("data_rate_mtps", &P::data_rate_mtps, "MT/s", "transfers of a data pin").required().above(0, 1e7);
    f.key("transfers_per_clock", &P::transfers_per_clock, "", "transfers of a data pin in a clock (tCK)")
        .required()
        .range(1, 64);
    f.key("clock_ns", &P::clock_ns, "ns", "tCK, where it is not transfers_per_clock / data_rate")
        .above(0, 1e6)
        .standing("transfers_per_clock / data_rate_mtps");
    f.key("channel_width_bits", &P::channel_width_bits, "bits", "data pins of a pseudo channel")
        .required()
        .range(8, 65536);
    f.key("stack_width_bits", &P::stack_width_bits, "bits",
          "data pins of a stack (or module), all its channels together")
        .range(1, 65536)
        .standing("machines count channels");
    f.key("pseudo_channels", &P::pseudo_channels, "",
          "that share one command bus; widths, banks and pages are of one")
        .range(1, 64);
    f.key("ranks", &P::ranks, "", "behind one channel").range(1, 64);
    f.key("stack_ids", &P::stack_ids, "", "dies' halves behind one pseudo channel (HBM3 and later)")
        .range(1, 64)
        .standing("ranks");
    f.key("bank_groups", &P::bank_groups, "", "of a pseudo channel").required().range(1, 1024);
    f.key("banks_per_group", &P::banks_per_group, "", "banks of a bank group").required().range(1, 1024);
    f.key("page_bytes", &P::page_bytes, "bytes", "a row of a bank").required().range(64, 16777216);
    f.key("rows", &P::rows, "", "of a bank").range(1, 67108864);
    f.key("burst_length", &P::burst_length, "transfers", "of a column command").required().range(1, 1024);
    f.other("timing_ns", Shape::object(&table_in_ns), "", "JEDEC timings in ns; this or timing_clocks",
            [](P& p, const nlohmann::json& value, const Place& at) {
              table_in_ns().read(&p.timing_ns.emplace(), value, at);
            });
    f.other("timing_clocks", Shape::object(&table_in_clocks), "", "the same in clocks of the device (tCK)",
            [](P& p, const nlohmann::json& value, const Place& at) {
              table_in_clocks().read(&p.timing_clocks.emplace(), value, at);
            });
    f.key("nccd_s", &P::nccd_s, "clocks", "column command to column command, of another bank group")
        .required()
        .range(1, 10000);
    f.key("nccd_l", &P::nccd_l, "clocks", "the same within a bank group").required().range(1, 10000);
    f.key("nccd_s_write", &P::nccd_s_write, "clocks", "the same of writes, of another bank group")
        .range(1, 10000)
        .standing("nccd_s");
    f.key("nccd_l_write", &P::nccd_l_write, "clocks", "the same of writes, within a bank group")
        .range(1, 10000)
        .standing("nccd_l");
    f.key("nccd_r", &P::nccd_r, "clocks", "column commands to different ranks or stack IDs")
        .range(1, 10000)
        .standing("as within one");
    f.key("command_bus", &P::bus, "", "how many clocks a command holds its bus");
    f.key("refresh", &P::refresh, "", "of all banks at once, or one by one");
    f.key("controller", &P::controller, "", "in front of the channel");
    f.key("devices_per_channel", &P::devices_per_channel, "", "devices that make up the channel in lockstep")
        .range(1, 1024)
        .bears(Bears::energy);
    f.key("vdd_v", &P::vdd_v, "V", "supply of idd_ma")
        .above(0, kAnyNumber)
        .bears(Bears::energy)
        .standing("none");
    f.key("idd_ma", &P::currents, "", "supply currents of one device");
    f.key("energy_pj_per_bit", &P::energy_pj_per_bit, "pJ per bit", "read or written, all of it")
        .required()
        .range(0, kAnyNumber)
        .bears(Bears::energy);
    f.key("access_energy", &P::access_energy, "", "energy by action, in place of energy_pj_per_bit");
    f.other("mixed_stream_share", Shape::of(ShapeKind::number), "",
            "no longer read: the rates of streams are measured on the channel's own commands and timings")
        .above(0, 1)
        .deprecated()
        .bears(Bears::none);
    return Table(f);
  }();
  return table;
}

DramDevice device_of(const DramPreset& p, const ConfigDocument& document) {
  if (p.timing_clocks.has_value() == p.timing_ns.has_value())
    throw ConfigError(document.where(""), "give the timings once: either timing_ns or timing_clocks");
  std::vector<Diagnostic> found = check_preset(p, document);
  DramDevice d;
  d.preset = document.path().stem().string();
  d.kind = p.kind;
  d.data_rate_mtps = p.data_rate_mtps;
  d.clock_ns = p.clock_ns > 0 ? p.clock_ns : 1e3 * p.transfers_per_clock / d.data_rate_mtps;
  d.width_bits = p.channel_width_bits;
  d.pseudo_channels = p.pseudo_channels;
  d.stacked = p.stack_ids > 0;
  d.ranks = d.stacked ? p.stack_ids : p.ranks;
  d.bank_groups = p.bank_groups;
  d.banks_per_group = p.banks_per_group;
  d.page_bytes = p.page_bytes;
  d.rows = p.rows;
  d.burst_length = p.burst_length;
  d.burst_clocks = ceil_div(d.burst_length, p.transfers_per_clock);
  d.timing = timings_of(p, d.clock_ns, d.burst_clocks);
  d.bus = p.bus;
  d.refresh = p.refresh;
  d.controller = p.controller;
  d.currents = p.currents;
  if (d.currents) {
    d.currents->vdd = p.vdd_v;
    d.currents->devices = p.devices_per_channel;
  }
  const std::string table = p.timing_clocks ? "/timing_clocks" : "/timing_ns";
  for (const Diagnostic& wrong : check_dram_device(d, document.where(table))) found.push_back(wrong);
  if (!found.empty()) throw ConfigError(found);
  return d;
}

}  // namespace orrery
