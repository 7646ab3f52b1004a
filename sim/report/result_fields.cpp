#include "sim/report/result_fields.h"

#include <unistd.h>

#include <array>
#include <ctime>

#include "sim/operators/operator_row.h"

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

Shape text_of_words(std::vector<std::string> words) {
  return Shape::word(std::move(words));
}

// What runs and kernels tell alike of a simulation.
template <class T>
void add_simulation(Fields<T>& f) {
  f.key("bound", &T::bound, "", "what takes most of the time").label("bound by");
  f.key("time_s", &T::time, "s", "along the critical path, by what took it; sums to the latency")
      .label("time");
  f.key("counts", &T::counts, "", "what a device did");
  f.key(
      "actions", &T::actions, "",
      "what each block did, and what one such action takes at the nominal voltage: the energy beside static "
      "power and losses");
  f.key("sharing", &T::sharing, "",
        "how the instances of a block shared an action: the mean over them and the busiest one, of each "
        "kernel, added up; busiest: its number where it does most");
}

template <class T>
void add_utilization(Fields<T>& f) {
  static const Table* table = new Table([] {
    Fields<T> u("of the peaks, over the whole time");
    u.results();
    u.key("compute", &T::utilization_compute, "share", "of the matrix engines").label("compute utilization");
    u.key("dram", &T::utilization_dram, "share", "of DRAM's pins").label("DRAM utilization");
    return Table(u);
  }());
  f.group(
      "utilization", []() -> const Table& { return *table; }, "of the peaks, over the whole time");
}

const Table& phases_table() {
  static const Table table = [] {
    Fields<RunResult> f("the prompt and the tokens after it");
    f.results();
    f.key("prefill", &RunResult::prefill, "", "the prompt").label("  of the prompt");
    f.key("decode", &RunResult::decode, "", "the tokens after it").label("  of the tokens after it");
    return Table(f);
  }();
  return table;
}

double input_tokens(const RunResult& r) {
  return static_cast<double>(r.batch) * static_cast<double>(r.input);
}

}  // namespace

template <>
const Table& table_of<EnergyBreakdown>() {
  static const Table table = [] {
    using E = EnergyBreakdown;
    Fields<E> f("energy by what took it");
    f.results();
    f.figure(
        "total", [](const E& e) { return e.total(); }, "J", "all of it");
    f.key("compute", &E::compute, "J", "arithmetic");
    f.key("conversion", &E::conversion, "J", "ADCs and DACs");
    f.key("registers", &E::registers, "J", "register files, load and store path, instruction issue");
    f.key("sram", &E::sram, "J", "scratchpads and shared levels");
    f.key("dram", &E::dram, "J", "memory and its interface");
    f.key("noc", &E::noc, "J", "network on chip");
    f.key("link", &E::link, "J", "between devices");
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
    Fields<E> f("how far the latency is expected to be off");
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
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<PhasePower>() {
  static const Table table = [] {
    Fields<PhasePower> f("a phase");
    f.results();
    f.key("time_s", &PhasePower::time_s, "s", "that it takes");
    f.key("power_w", &PhasePower::power_w, "W", "of all boards, mean");
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
const Table& table_of<PriceFigures>() {
  static const Table table = [] {
    using P = PriceFigures;
    Fields<P> f("what a machine costs, null where that is not known");
    f.results();
    f.key("unit_cost", &P::unit_cost, "USD", "to make a chip: silicon, package, memory, test")
        .label("cost of making a chip, USD");
    f.key("chip", &P::chip_price, "USD", "to buy one").label("price of a chip, USD");
    f.key("per_m_output_tokens", &P::per_m_output_tokens, "USD",
          "of million output tokens: bought, or rented where it is not for sale; busy all the time")
        .label("USD/M output tokens, always busy");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<RunResult>() {
  static const Table table = [] {
    using R = RunResult;
    Fields<R> f("one inference of a model on a machine");
    f.results();
    add_kind(f, "run");
    f.key("arch", &R::arch, "", "machine").label("");
    f.key("model", &R::model, "", "that is run");
    f.key("devices", &R::devices, "", "that share each layer").label("devices");
    f.key("dtype", &R::dtype, "", "format").shaped(text_of_words(words_of<DType>())).label("dtype");
    f.key("fidelity", &R::fidelity, "", "how closely hardware is simulated");
    f.key("runtime", &R::runtime, "", "software stack");
    f.key("waves", &R::waves, "", "that the batch ran in, as its keys and values fit").at_least(1);
    f.key("recomputed_sequences", &R::recomputed_sequences, "",
          "set back for want of cache, and computed again");
    f.key("batch", &R::batch, "sequences", "at once");
    f.key("input", &R::input, "tokens", "of a prompt");
    f.key("output", &R::output, "tokens", "that follow it");
    f.key("latency_s", &R::latency_s, "s", "of all of it").label("latency");
    f.key("expected_error", &R::expected, "", "how far the latency is expected to be off")
        .label("expected error, 9 of 10");
    f.key("ttft_s", &R::ttft_s, "s", "to the first token").label("TTFT");
    f.key("tpot_s", &R::tpot_s, "s", "per output token after the first; null of one token").label("TPOT");
    f.key("tokens_per_s", &R::tokens_per_s, "tokens/s", "output tokens of the whole batch")
        .label("throughput, output tokens/s");
    f.figure(
         "input_tokens_per_s",
         [](const R& r) {
           return r.ttft_s > 0 ? std::optional<Figure>(input_tokens(r) / r.ttft_s) : std::nullopt;
         },
         "tokens/s", "prompt tokens of the whole batch until the first token")
        .label("  of the prompts, input tokens/s");
    f.key("energy_j", &R::energy, "J", "of all devices, by what took it").label("energy");
    f.key("energy_per_token_j", &R::energy_per_token, "J", "all energy over the output tokens")
        .label("energy per output token, all of it");
    f.figure(
         "energy_per_input_token_j",
         [](const R& r) { return Figure(r.prefill.time_s * r.prefill.power_w / input_tokens(r)); }, "J",
         "the prompts' energy over their tokens")
        .label("  of the prompts, per input token");
    f.key("average_power_w", &R::average_power_w, "W", "of all boards").label("average power");
    f.group("phases", &phases_table, "the prompt and the tokens after it");
    f.key("operators", &R::operators, "", "most energy first; none at fidelity roofline");
    f.key("power_over_time", &R::power_over_time, "", "mean power of all boards, a stretch a sampled step");
    f.key("memory", &R::memory, "", "of one device").label("memory of a device");
    f.key("area_mm2", &R::area_mm2, "mm2", "of all devices' dies").label("die area, mm2");
    f.key("price_usd", &R::price, "", "what a machine costs");
    add_utilization(f);
    add_simulation(f);
    f.key("decode_sampling_error", &R::decode_sampling_error, "share",
          "largest deviation seen where decode steps were interpolated")
        .label("decode sampling error");
    f.key("simulated", &R::share, "", "what was simulated, replayed or replicated").label("time obtained by");
    f.other("ownership", {}, "",
            "of a point of a sweep over a cost scenario: typical figures of the fleet that serves its demand")
        .optional();
    f.key("run_info", &R::info, "", "all that differs from run to run");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<KernelResult>() {
  static const Table table = [] {
    using K = KernelResult;
    Fields<K> f("one operator on a machine");
    f.results();
    add_kind(f, "kernel");
    f.key("arch", &K::arch, "", "machine");
    f.key("op", &K::op, "", "operator").shaped(text_of_words(words_of<OperatorKind>()));
    f.key("shape", &K::shape, "", "of the operator");
    f.key("dtype", &K::dtype, "", "format").shaped(text_of_words(words_of<DType>()));
    f.key("fidelity", &K::fidelity, "", "how closely hardware is simulated");
    f.key("mapping", &K::mapping, "", "tiles and schedule");
    f.key("latency_us", &K::latency_s, "us", "of the kernel").times(1e-6).label("latency");
    f.key("expected_error", &K::expected, "", "how far the latency is expected to be off")
        .label("expected error, 9 of 10");
    f.key("cycles", &K::cycles, "cycles", "at the nominal clock").label("cycles");
    f.key("clock_ghz", &K::clock_ghz, "GHz", "that the kernel ran at, under the power cap").label("clock");
    f.figure(
         "tflops", [](const K& k) { return Figure(k.latency_s > 0 ? k.flops / k.latency_s * 1e-12 : 0.0); },
         "TFLOPS", "useful ones; 1 MAC = 2 FLOPs")
        .label("rate");
    f.figure(
         "dram_bytes", [](const K& k) { return k.counts.dram_bytes(); }, "bytes", "read and written")
        .label("DRAM traffic");
    f.figure(
         "energy_j", [](const K& k) { return k.energy.total(); }, "J", "all of it")
        .label("energy");
    f.key("energy", &K::energy, "J", "by what took it");
    f.key("power_w", &K::power_w, "W", "mean").label("power");
    add_utilization(f);
    add_simulation(f);
    f.key("simulated", &K::share, "", "what was simulated or replayed");
    f.key("run_info", &K::info, "", "all that differs from run to run");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<RefusedResult>() {
  static const Table table = [] {
    using R = RefusedResult;
    Fields<R> f("a machine of a comparison that cannot run what the others do");
    f.results();
    add_kind(f, "refused");
    f.key("arch", &R::arch, "", "machine");
    f.key("model", &R::model, "", "that does not run");
    f.key("refused", &R::why, "", "why");
    return Table(f);
  }();
  return table;
}

const Table& run_body_table() {
  static const Table table = [] {
    const Table& whole = table_of<RunResult>();
    std::vector<Field> fields;
    for (const Field& field : whole.fields()) {
      if (field.key != "run_info") fields.push_back(field);
    }
    return Table(whole.sentence(), std::move(fields));
  }();
  return table;
}

}  // namespace orrery
