#include "sim/report/result_fields.h"

#include "sim/operators/operator_row.h"
#include "sim/report/cost_fields.h"

namespace orrery {
namespace {

template <class T>
void add_die_power(Fields<T>& f) {
  f.figure(
      "die_power_w",
      [](const T& t) { return Figure(t.latency_s > 0 ? t.energy.die().value() / t.latency_s : 0.0); }, "W",
      "mean, of the dies: without DRAM, links and the regulators' losses");
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
  f.key("cells_last_years", &T::cells_last_years, "years",
        "of crossbars' cells that are written as they multiply, at this load without a pause; null where "
        "nothing is written or no endurance is said")
      .label("cells last, years");
  f.key("sharing", &T::sharing, "",
        "how the instances of a block shared an action: the mean over them and the busiest one, of each "
        "kernel, added up; busiest: its number where it does most");
}

template <class T>
void add_utilization(Fields<T>& f) {
  static const Table* table = new Table([] {
    Fields<T> u("of the peaks, over the whole time");
    u.results();
    u.key("compute", &T::utilization_compute, "share", "of the matrix engines")
        .label("compute utilization")
        .compared("utilization_compute");
    u.key("dram", &T::utilization_dram, "share", "of DRAM's pins")
        .label("DRAM utilization")
        .compared("utilization_dram");
    return Table(u);
  }());
  f.group(
      "utilization", []() -> const Table& { return *table; }, "of the peaks, over the whole time");
}

const Table& phases_table() {
  static const Table table = [] {
    Fields<RunResult> f("the prompt and the tokens after it");
    f.results();
    f.key("prefill", &RunResult::prefill, "", "the prompt").label("prefill");
    f.key("decode", &RunResult::decode, "", "the tokens after it; null of one token").label("decode");
    return Table(f);
  }();
  return table;
}

double input_tokens(const RunResult& r) {
  return static_cast<double>(r.batch) * static_cast<double>(r.input);
}

}  // namespace

template <>
const Table& table_of<RunResult>() {
  static const Table table = [] {
    using R = RunResult;
    Fields<R> f("one inference of a model on a machine");
    f.results();
    add_kind(f, "run");
    f.key("arch", &R::arch, "", "machine").label("");
    f.key("model", &R::model, "", "that is run");
    f.key("devices", &R::devices, "", "in all").label("devices");
    f.key("node", &R::node, "", "that connects them: of nodes/, or that the machine has none of its own")
        .label("  in node");
    f.key("parallelism", &R::division, "", "how they divide the model");
    f.key("dtype", &R::dtype, "", "format").shaped(Shape::word(words_of<DType>())).label("dtype");
    f.key("weights", &R::weights, "", "stored format of most of them").label("  weights stored as");
    f.key("activations", &R::activations, "", "as products with those read them");
    f.key("kv", &R::kv, "", "format of keys and values").label("  keys and values stored as");
    f.key("fidelity", &R::fidelity, "", "how closely hardware is simulated");
    f.key("runtime", &R::runtime, "", "software stack");
    f.key("rounds", &R::rounds, "", "that the batch ran in, as its keys and values fit").at_least(1);
    f.key("recomputed_sequences", &R::recomputed_sequences, "",
          "set back for want of cache, and computed again");
    f.key("batch", &R::batch, "sequences", "at once");
    f.key("input", &R::input, "tokens", "of a prompt");
    f.key("output", &R::output, "tokens", "that follow it");
    f.key("latency_s", &R::latency_s, "s", "of all of it").label("latency").compared("latency_s");
    f.key("expected_error", &R::expected, "share", "how far the latency is expected to be off")
        .label("expected error, 9 of 10")
        .compared("expected_p90", "p90");
    f.key("expected_power_error", &R::expected_power, "", "how far power is expected to be off")
        .label("  of power");
    f.key("expected_energy_error", &R::expected_energy, "", "how far energy is expected to be off")
        .label("  of energy");
    f.key("ttft_s", &R::ttft_s, "s", "to the first token").label("TTFT").compared("ttft_s");
    f.key("tpot_s", &R::tpot_s, "s", "per output token after the first; null of one token")
        .label("TPOT")
        .compared("tpot_s");
    f.key("tokens_per_s", &R::tokens_per_s, "tokens/s", "output tokens of the whole batch")
        .label("throughput, output tokens/s")
        .compared("tokens_per_s");
    f.figure(
         "input_tokens_per_s",
         [](const R& r) {
           return r.ttft_s > 0 ? std::optional<Figure>(input_tokens(r) / r.ttft_s) : std::nullopt;
         },
         "tokens/s", "prompt tokens of the whole batch until the first token")
        .label("  of the prompts, input tokens/s");
    f.key("energy_j", &R::energy, "J", "of all devices, by what took it").label("energy");
    f.key("energy_per_token_j", &R::energy_per_token, "J", "all energy over the output tokens")
        .label("energy per output token, all of it")
        .compared("energy_per_token_j");
    f.figure(
         "energy_per_input_token_j",
         [](const R& r) { return Figure(r.prefill.time_s * r.prefill.power_w / input_tokens(r)); }, "J",
         "the prompts' energy over their tokens")
        .label("  of the prompts, per input token");
    f.key("average_power_w", &R::average_power_w, "W", "of all boards")
        .label("average power")
        .compared("average_power_w");
    add_die_power(f);
    f.group("phases", &phases_table, "the prompt and the tokens after it");
    f.key("operators", &R::operators, "", "most energy first; none at fidelity roofline");
    f.key("power_over_time", &R::power_over_time, "", "mean power of all boards, a stretch a sampled step");
    f.key("memory", &R::memory, "", "of one device").label("memory of a device");
    f.key("area_mm2", &R::area_mm2, "mm2", "of all devices' dies")
        .label("die area, mm2")
        .compared("area_mm2");
    f.key("price_usd", &R::price, "", "what a machine costs");
    add_utilization(f);
    add_simulation(f);
    f.key("decode_sampling_error", &R::decode_sampling_error, "share",
          "largest deviation seen where decode steps were interpolated")
        .label("decode sampling error");
    f.key("simulated", &R::share, "", "what was simulated, replayed or replicated").label("time obtained by");
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
    f.key("op", &K::op, "", "operator").shaped(Shape::word(words_of<OperatorKind>()));
    f.key("shape", &K::shape, "", "of the operator");
    f.key("dtype", &K::dtype, "", "format").shaped(Shape::word(words_of<DType>()));
    f.key("fidelity", &K::fidelity, "", "how closely hardware is simulated");
    f.key("mapping", &K::mapping, "", "tiles and schedule");
    f.key("node", &K::node, "", "of a collective: of nodes/, or that the machine has none of its own");
    f.key("latency_us", &K::latency_s, "us", "of the kernel").times(1e-6).label("latency");
    f.key("expected_error", &K::expected, "", "how far the latency is expected to be off")
        .label("expected error, 9 of 10");
    f.key("expected_power_error", &K::expected_power, "", "how far power is expected to be off")
        .label("  of power");
    f.key("expected_energy_error", &K::expected_energy, "", "how far energy is expected to be off")
        .label("  of energy");
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
    add_die_power(f);
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

}  // namespace orrery
