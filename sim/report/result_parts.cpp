// What results are put together of: energies, times, counts, shares, prices.

#include <unistd.h>

#include <array>
#include <ctime>

#include "sim/report/result_fields.h"

namespace orrery {
namespace {

std::string host_name() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return host.data();
}

std::string now_utc() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return date.data();
}

}  // namespace

namespace {

// Null where the machine has such a part and nobody priced it: not modelled, which is not nothing.
template <Joules EnergyBreakdown::*Member, EnergyPart Part>
void add_part(Fields<EnergyBreakdown>& f, const char* key, const char* sentence) {
  using Known = Written<std::optional<Joules>>;
  f.other(key, Known::shape(), "J", sentence,
          [](EnergyBreakdown& e, const nlohmann::json& value, const Place& at) {
            const std::optional<Joules> joules = Known::read(value, at, 1);
            e.*Member = joules.value_or(Joules{});
            if (!joules) e.not_modelled.add(Part);
          });
  f.nullable();
  f.written([](const EnergyBreakdown& e) {
    return Known::write(e.not_modelled.has(Part) ? std::nullopt : std::optional(e.*Member), 1);
  });
}

}  // namespace

template <>
const Table& table_of<EnergyBreakdown>() {
  static const Table table = [] {
    using E = EnergyBreakdown;
    Fields<E> f("energy by what took it; null: the machine has it, nobody priced it");
    f.results();
    f.figure(
         "total", [](const E& e) { return e.total(); }, "J", "all of it")
        .compared("energy_j");
    add_part<&E::compute, EnergyPart::compute>(f, "compute", "arithmetic");
    add_part<&E::conversion, EnergyPart::conversion>(f, "conversion", "ADCs and DACs");
    add_part<&E::registers, EnergyPart::registers>(f, "registers",
                                                   "register files, load and store path, instruction issue");
    add_part<&E::sram, EnergyPart::sram>(f, "sram", "scratchpads and shared levels");
    add_part<&E::dram, EnergyPart::dram>(f, "dram", "memory and its interface");
    add_part<&E::noc, EnergyPart::noc>(f, "noc", "network on chip");
    add_part<&E::storage, EnergyPart::storage>(f, "storage", "behind memory");
    add_part<&E::link, EnergyPart::link>(f, "link", "between devices");
    f.key("static", &E::static_power, "J", "idle, leakage, clock tree");
    f.key("supply", &E::supply, "J", "lost in the board's regulators");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<TimeSplitSeconds>() {
  static const Table table = [] {
    Fields<TimeSplitSeconds> f("time by what took it");
    f.results();
    for (std::size_t i = 0; i < kTimeCategoryCount; ++i) {
      f.key(
           to_string(static_cast<TimeCategory>(i)), [i](TimeSplitSeconds & t) -> auto& { return t.parts[i]; },
           "s", "along the critical path")
          .at_least(0);
    }
    return Table(f);
  }();
  return table;
}

// Counts are reported summed over formats and outer levels; one that is read back stands for its sum.
template <>
const Table& table_of<ActivityCounts>() {
  static const Table table = [] {
    using C = ActivityCounts;
    Fields<C> f("what a device did");
    f.results();
    f.key(
         "macs", [](C & c) -> auto& { return c.macs[0]; }, "MACs", "useful, of all formats; padding left out")
        .written([](const C& c) { return c.total_macs(); });
    for (const CounterInfo& counter : counters()) {
      f.key(counter.name, counter.at, counter.unit, counter.description)
          .written([of = counter.of](const C& c) { return of(c); });
    }
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<ActionFigure>() {
  static const Table table = [] {
    using A = ActionFigure;
    Fields<A> f("what a block did");
    f.results();
    f.key("block", &A::block, "", "who");
    f.key("action", &A::action, "", "what");
    f.key("unit", &A::unit, "", "of count");
    f.key("count", &A::count, "", "how often");
    f.key("pj", &A::pj, "pJ", "that one takes at the nominal voltage");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<SharingFigure>() {
  static const Table table = [] {
    using S = SharingFigure;
    Fields<S> f("how the instances of a block shared an action");
    f.results();
    f.key("block", &S::block, "", "who");
    f.key("action", &S::action, "", "what");
    f.key("unit", &S::unit, "", "of mean and largest");
    f.key("instances", &S::instances, "", "of the block").at_least(1);
    f.key("mean", &S::mean, "", "over them, of each kernel, added up");
    f.key("largest", &S::largest, "", "of the busiest, of each kernel, added up");
    f.key("busiest", &S::busiest, "", "its number where it does most");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<SimulatedShare>() {
  static const Table table = [] {
    using S = SimulatedShare;
    Fields<S> f("what was simulated event by event, replayed from memory or replicated");
    f.results();
    f.key("transactions", &S::transactions, "granules", "moved end to end");
    f.key("kernels", &S::kernels, "", "run on the machine");
    f.figure(
        "granule_bytes",
        [](const S& s) {
          return Figure(s.transactions > 0
                            ? static_cast<double>(s.granule_bytes) / static_cast<double>(s.transactions)
                            : 0);
        },
        "bytes", "of a granule, mean");
    f.key("share_simulated", &S::simulated, "share", "of the time, from events").label("  simulated events");
    f.key("share_replayed", &S::replayed, "share", "of the time, from kernels seen before").label("  replay");
    f.key("share_replicated", &S::replicated, "share", "of the time, from identical layers and steps")
        .label("  replication");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<ExpectedError>() {
  static const Table table = [] {
    using E = ExpectedError;
    Fields<E> f("how far a figure is expected to be off");
    f.results();
    f.key("mean", &E::mean, "share", "mean absolute error of like results; null where nothing is known");
    f.key("p90", &E::p90, "share", "nine of ten results are expected nearer than this");
    f.key("inside", &E::inside, "", "this machine, stack, operator and range were measured");
    f.key("basis", &E::basis, "", "what was measured and how this differs, in words");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<RunInfo>() {
  static const Table table = [] {
    using I = RunInfo;
    Fields<I> f("of this run of the program: all that differs from run to run");
    f.results();
    f.key("wall_s", &I::wall_s, "s", "by the clock");
    f.key("cpu_s", &I::cpu_s, "s", "of processors");
    f.key("cache_hits", &I::cache_hits, "", "kernels that were seen before");
    f.figure(
        "host", [](const I&) { return host_name(); }, "", "where");
    f.figure(
        "date", [](const I&) { return now_utc(); }, "", "when, UTC");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<OperatorShare>() {
  static const Table table = [] {
    using O = OperatorShare;
    Fields<O> f("one kind of operator over a run, or what is none's (software)");
    f.results();
    f.key("op", &O::op, "", "operator");
    f.key("time_s", &O::time_s, "s", "of all of them");
    f.key("energy_j", &O::energy, "J", "of all of them, static power over that time included");
    f.key("flops", &O::flops, "FLOP", "of all devices, useful ones; 1 MAC = 2 FLOPs");
    f.key("dram_bytes", &O::dram_bytes, "bytes", "of all devices, read and written");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<PhaseFigures>() {
  static const Table table = [] {
    using P = PhaseFigures;
    Fields<P> f("a phase");
    f.results();
    f.key("time_s", &P::time_s, "s", "that it takes");
    f.key("power_w", &P::power_w, "W", "of all boards, mean");
    f.key("energy_j", &P::energy, "J", "of all devices");
    f.key("utilization_compute", &P::utilization_compute, "share", "of the matrix engines' peak");
    f.key("utilization_dram", &P::utilization_dram, "share", "of DRAM's pins");
    f.key("bound", &P::bound, "", "what takes most of the time");
    f.key("split_s", &P::time, "s", "along the critical path, by what took it; sums to time_s");
    f.key("operators", &P::operators, "", "most energy first; none at fidelity roofline");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<PowerStretch>() {
  static const Table table = [] {
    using P = PowerStretch;
    Fields<P> f("mean power of all boards over a stretch");
    f.results();
    f.key("from_s", &P::from_s, "s", "from the start");
    f.key("to_s", &P::to_s, "s", "from the start");
    f.key("power_w", &P::power_w, "W", "mean");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<MemoryFigures>() {
  static const Table table = [] {
    using M = MemoryFigures;
    Fields<M> f("of one device; parameters of the whole model, null where a trace does not say");
    f.results();
    f.key("weights", &M::weights, "bytes", "of the model").label("  weights");
    f.key("kv_cache", &M::kv_cache, "bytes", "of the sequences that run at once, at their longest")
        .label("  keys and values");
    f.key("kv_bytes_per_token", &M::kv_per_token, "bytes", "of a token's keys and values")
        .label("    of a token");
    f.key("activations", &M::activations, "bytes", "of a step").label("  activations of a step");
    f.key("free", &M::free, "bytes", "of what a process can allocate").label("  free");
    f.key("parameters", &M::parameters, "", "of the whole model").label("parameters");
    f.key("active_parameters", &M::active_parameters, "", "that a token goes through")
        .label("  a token goes through");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<DivisionFigures>() {
  static const Table table = [] {
    using D = DivisionFigures;
    Fields<D> f("how the devices divide the model");
    f.results();
    f.key("tp", &D::tensor, "", "devices that share each layer");
    f.key("pp", &D::pipeline, "", "stages of layers");
    f.key("ep", &D::expert, "", "devices that share a mixture's experts");
    f.key("dp", &D::data, "", "replicas that share the batch");
    f.key("cp", &D::context, "", "devices that share a sequence");
    f.key("micro_batches", &D::micro_batches, "", "that decode one behind the other");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<PriceFigures>() {
  static const Table table = [] {
    using P = PriceFigures;
    Fields<P> f("what a machine costs, null where that is not known");
    f.results();
    f.key("unit_cost", &P::unit_cost, "USD", "to make a chip: silicon, package, memory, test")
        .label("cost of making a chip, USD")
        .compared("unit_cost_usd");
    f.key("chip", &P::chip_price, "USD", "to buy one").label("price of a chip, USD");
    f.key("per_m_output_tokens", &P::per_m_output_tokens, "USD",
          "of million output tokens: bought, or rented where it is not for sale; busy all the time")
        .label("USD/M output tokens, always busy")
        .compared("usd_per_m_output_tokens");
    return Table(f);
  }();
  return table;
}

}  // namespace orrery
