#include "sim/probe/probe_fields.h"

#include <algorithm>

#include "sim/util/units.h"

namespace orrery {
namespace {

template <class T>
void add_head(Fields<T>& f, const char* probe) {
  f.results();
  add_kind(f, "probe");
  f.figure(
       "probe", [probe](const T&) { return std::string(probe); }, "", "what is probed")
      .shaped(Shape::word({probe}));
}

// A figure that was not taken is none.
std::optional<double> if_above_0(double value, double taken) {
  return taken > 0 ? std::optional<double>(value) : std::nullopt;
}

}  // namespace

template <>
const Table& table_of<DramPoint>() {
  static const Table table = [] {
    using P = DramPoint;
    Fields<P> f("a pattern at a load on channels of DRAM");
    add_head(f, "dram");
    f.figure(
        "preset", [](const P& p) { return p.probe.dram.device.preset; }, "", "of the channels");
    f.figure(
        "pattern", [](const P& p) { return p.probe.pattern; }, "", "of accesses");
    f.figure(
        "load", [](const P& p) { return p.probe.load; }, "", "saturating, dependent or a share of the peak");
    f.figure(
        "mapping", [](const P& p) { return p.probe.mapping; }, "", "of addresses, most significant first");
    f.figure(
        "channels",
        [](const P& p) {
          return p.probe.alike * ceil_div(p.probe.dram.channels, p.probe.dram.device.pseudo_channels);
        },
        "", "with a command bus each");
    f.figure(
        "refresh", [](const P& p) { return p.probe.dram.device.refresh; }, "", "of the device");
    f.figure(
        "fidelity", [](const P& p) { return p.probe.fidelity; }, "", "how closely it is simulated");
    f.figure(
        "peak_gb_per_s", [](const P& p) { return p.result.peak_gb_per_s; }, "GB/s", "of the data pins");
    f.figure(
        "achieved_gb_per_s", [](const P& p) { return p.result.achieved_gb_per_s; }, "GB/s", "moved");
    f.figure(
        "share_of_peak", [](const P& p) { return p.result.share_of_peak; }, "share", "moved");
    f.figure(
        "latency_ns", [](const P& p) { return if_above_0(p.result.latency_ns, p.result.latency_ns); }, "ns",
        "mean of reads, taken by the controller to data");
    f.figure(
        "p99_latency_ns", [](const P& p) { return if_above_0(p.result.p99_latency_ns, p.result.latency_ns); },
        "ns", "that 99 % of reads stay below");
    f.figure(
        "source_wait_ns", [](const P& p) { return if_above_0(p.result.source_wait_ns, p.result.latency_ns); },
        "ns", "mean, before the controller takes a read");
    f.figure(
        "row_hit_rate", [](const P& p) { return p.result.row_hit_rate; }, "share", "of accesses");
    f.figure(
        "energy_pj_per_bit",
        [](const P& p) { return if_above_0(p.result.energy_pj_per_bit, p.result.energy_pj_per_bit); },
        "pJ per bit", "of the device's core; null: its currents are not known");
    f.figure(
        "requests", [](const P& p) { return p.result.requests; }, "", "measured");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<NocPoint>() {
  static const Table table = [] {
    using P = NocPoint;
    Fields<P> f("packets at a rate on a network on chip");
    add_head(f, "noc");
    f.key("topology", &P::topology, "", "of the network");
    f.figure(
        "traffic", [](const P& p) { return p.probe.traffic; }, "", "who sends to whom");
    f.figure(
        "router", [](const P& p) { return p.probe.network.router.name; }, "", "of all nodes");
    f.figure(
        "packet_flits", [](const P& p) { return p.probe.packet_flits; }, "flits", "of a packet");
    f.figure(
        "fidelity", [](const P& p) { return p.probe.fidelity; }, "", "how closely it is simulated");
    f.figure(
        "rate", [](const P& p) { return p.probe.rate; }, "flits per cycle", "a sending node, offered");
    f.figure(
        "accepted", [](const P& p) { return p.result.accepted; }, "flits per cycle", "a sending node, taken");
    f.figure(
        "latency_cycles", [](const P& p) { return p.result.latency_cycles; }, "cycles",
        "mean, created to the last flit ejected");
    f.figure(
        "network_latency_cycles", [](const P& p) { return p.result.network_latency_cycles; }, "cycles",
        "mean, from the head's injection");
    f.figure(
        "max_latency_cycles", [](const P& p) { return p.result.max_latency_cycles; }, "cycles",
        "of the slowest packet");
    f.figure(
        "hops", [](const P& p) { return p.result.hops; }, "", "routers of a way, mean");
    f.figure(
        "links", [](const P& p) { return std::max(0.0, p.result.hops - 1); }, "",
        "between those routers, mean");
    f.figure(
        "stable", [](const P& p) { return p.result.stable; }, "", "it takes what is offered");
    f.figure(
        "packets", [](const P& p) { return p.result.packets; }, "", "measured");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<SramLevelResult>() {
  static const Table table = [] {
    using L = SramLevelResult;
    Fields<L> f("a level of memory");
    f.results();
    f.key("level", &L::name, "", "its name");
    f.key("hit_rate", &L::hit_rate, "share", "of the accesses that reach it");
    f.key("conflict_cycles", &L::conflict_cycles, "cycles", "an access waits for a bank, mean");
    f.key("write_backs", &L::write_backs, "", "of lines");
    f.key("far", &L::far, "", "accesses of another partition");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<SramPoint>() {
  static const Table table = [] {
    using P = SramPoint;
    Fields<P> f("a pattern over a footprint of on-chip memory");
    add_head(f, "sram");
    f.key("memories", &P::memories, "", "whose they are");
    f.figure(
        "fidelity", [](const P& p) { return p.on_machine ? ProbeFidelity::tile : ProbeFidelity::cycle; }, "",
        "how closely it is simulated");
    f.figure(
        "pattern", [](const P& p) { return p.probe.pattern; }, "", "of accesses");
    f.figure(
        "footprint_kib", [](const P& p) { return static_cast<double>(p.probe.footprint_bytes) / 1024; },
        "KiB", "that is accessed again and again");
    f.figure(
        "cores", [](const P& p) { return p.probe.cores; }, "", "that access it");
    f.figure(
        "latency_cycles", [](const P& p) { return p.result.latency_cycles; }, "cycles", "of an access, mean");
    f.figure(
        "bytes_per_cycle", [](const P& p) { return p.result.bytes_per_cycle; }, "bytes per cycle",
        "of all cores");
    f.figure(
        "gb_per_s", [](const P& p) { return p.result.gb_per_s; }, "GB/s", "of all cores");
    f.figure(
        "levels", [](const P& p) { return p.result.levels; }, "", "from the cores outwards");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<CollectivePoint>() {
  static const Table table = [] {
    using P = CollectivePoint;
    Fields<P> f("a collective on a node's links");
    add_head(f, "collective");
    f.figure(
        "node", [](const P& p) { return p.probe.node.name; }, "", "whose links");
    f.figure(
        "collective", [](const P& p) { return p.probe.kind; }, "", "operation");
    f.figure(
        "devices", [](const P& p) { return p.result.devices; }, "", "that take part");
    f.figure(
        "bytes", [](const P& p) { return p.probe.bytes; }, "bytes", "of the whole array");
    f.figure(
        "algorithm", [](const P& p) { return p.result.algorithm; }, "", "that is used");
    f.figure(
        "protocol", [](const P& p) { return p.result.protocol; }, "", "that is used");
    f.figure(
        "time_us", [](const P& p) { return p.result.time_us; }, "us", "of the collective");
    f.figure(
        "algorithm_gb_per_s", [](const P& p) { return p.result.algorithm_gb_per_s; }, "GB/s",
        "bytes over time");
    f.figure(
        "bus_gb_per_s", [](const P& p) { return p.result.bus_gb_per_s; }, "GB/s",
        "the same by the factor of nccl-tests: comparable with a link");
    f.figure(
        "steps", [](const P& p) { return p.result.steps; }, "", "of the algorithm");
    f.figure(
        "granules", [](const P& p) { return p.result.granules; }, "granules", "moved");
    f.figure(
        "energy_j", [](const P& p) { return p.result.energy_j; }, "J", "of the links");
    return Table(f);
  }();
  return table;
}

}  // namespace orrery
