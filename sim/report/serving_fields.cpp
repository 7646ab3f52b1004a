#include "sim/report/serving_fields.h"

#include "sim/report/cost_fields.h"

#include "sim/util/dtype.h"

namespace orrery {

template <>
const Table& table_of<RequestSpread>() {
  static const Table table = [] {
    Fields<RequestSpread> f("of a quantity over all requests, or over all gaps between tokens");
    f.results();
    f.key("mean", &RequestSpread::mean, "s", "of all");
    f.key("p50", &RequestSpread::p50, "s", "half of all are no longer");
    f.key("p90", &RequestSpread::p90, "s", "nine of ten are no longer");
    f.key("p99", &RequestSpread::p99, "s", "99 of 100 are no longer");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<ServingStretch>() {
  static const Table table = [] {
    using S = ServingStretch;
    Fields<S> f("means over a stretch of time");
    f.results();
    f.key("from_s", &S::from_s, "s", "since the start");
    f.key("to_s", &S::to_s, "s", "since the start");
    f.key("waiting", &S::waiting, "requests", "in queues");
    f.key("running", &S::running, "requests", "that are computed");
    f.key("kv_share", &S::kv_share, "share", "of the KV blocks, used");
    f.key("power_w", &S::power_w, "W", "of all boards");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<SchedulerFigures>() {
  static const Table table = [] {
    using S = SchedulerFigures;
    Fields<S> f(
        "how requests were scheduled: the runtime's limits for this machine, or what was said in their "
        "place");
    f.results();
    f.key("policy", &S::policy, "", "who runs in the next step");
    f.key("token_budget", &S::token_budget, "tokens", "of a step");
    f.key("sequences", &S::sequences, "sequences", "at once");
    f.key("block_tokens", &S::block_tokens, "tokens", "of a block of keys and values");
    f.key("chunked_prefill", &S::chunked_prefill, "", "prompts may be cut");
    f.key("prefix_cache", &S::prefix_cache, "", "prompts that begin alike share");
    f.key("ahead", &S::ahead, "", "a step is formed while the one before runs");
    f.key("graph_sizes", &S::graph_sizes, "tokens", "largest step of recorded graphs");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<KvFigures>() {
  static const Table table = [] {
    using K = KvFigures;
    Fields<K> f("blocks of keys and values");
    f.results();
    f.key("blocks", &K::blocks, "blocks", "of a replica (of each of its ranks)");
    f.key("block_tokens", &K::block_tokens, "tokens", "of each");
    f.key("mean_share", &K::mean_share, "share", "used, over time");
    f.key("peak_share", &K::peak_share, "share", "used at most");
    f.key("host_blocks", &K::host_blocks, "blocks", "of as much, in the host's memory");
    f.key("stored", &K::stored, "blocks", "to the host's memory");
    f.key("loaded", &K::loaded, "blocks", "from there");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<StepFigures>() {
  static const Table table = [] {
    using S = StepFigures;
    Fields<S> f("steps that ran");
    f.results();
    f.key("count", &S::count, "steps", "of all replicas");
    f.key("mean_s", &S::mean_s, "s", "of a step");
    f.key("decoding", &S::decoding, "sequences", "of a step, mean");
    f.key("prompt_tokens", &S::prompt_tokens, "tokens", "of a step, mean");
    f.key("kept_tokens", &S::kept_tokens, "tokens",
          "of a decoding sequence and step: 1, and guesses that were right");
    f.key("simulated_sizes", &S::simulated_sizes, "", "sizes simulated, of which steps are composed");
    f.key("checked", &S::checked, "steps", "simulated whole, sequence by sequence, to compare");
    f.key("interpolation_error", &S::interpolation_error, "share",
          "largest deviation of a composed step from the whole one");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<SaturationFigures>() {
  static const Table table = [] {
    using S = SaturationFigures;
    Fields<S> f("whether the load can be kept");
    f.results();
    f.key("saturated", &S::saturated, "", "requests come faster than they are served");
    f.key("queue_growth_per_s", &S::queue_growth_per_s, "requests/s", "that wait, more each second");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<ServingResult>() {
  static const Table table = [] {
    using R = ServingResult;
    Fields<R> f("requests served by a model on its machines");
    f.results();
    add_kind(f, "serving");
    f.key("arch", &R::arch, "", "machine");
    f.key("prefill_arch", &R::prefill_arch, "", "machine that computes prompts; empty: the same does both");
    f.key("model", &R::model, "", "that is served");
    f.key("devices", &R::devices, "", "of all replicas");
    f.key("replicas", &R::replicas, "", "copies that serve");
    f.key("prefill_replicas", &R::prefill_replicas, "", "copies that compute prompts for them");
    f.key("router", &R::router, "", "which replica a request goes to");
    f.key("node", &R::node, "", "that connects a replica's devices");
    f.key("parallelism", &R::division, "", "how a replica's devices divide the model");
    f.key("dtype", &R::dtype, "", "format").shaped(Shape::word(words_of<DType>()));
    f.key("weights", &R::weights, "", "stored format of most of them");
    f.key("kv", &R::kv, "", "format of keys and values");
    f.key("fidelity", &R::fidelity, "", "how closely hardware is simulated");
    f.key("runtime", &R::runtime, "", "software stack");
    f.key("scheduler", &R::scheduler, "", "how requests were scheduled");
    f.key("load", &R::load, "", "in words");
    f.key("requests", &R::requests, "requests", "that came");
    f.key("finished", &R::finished, "requests", "that were answered");
    f.key("refused", &R::refused, "requests", "that can never run");
    f.key("why_refused", &R::why_refused, "", "the first of them; empty where none was");
    f.key("duration_s", &R::duration_s, "s", "from the first arrival to the last token");
    f.key("ttft_s", &R::ttft, "", "to the first token")
        .compared("ttft_s", "mean")
        .compared("ttft_p90_s", "p90")
        .compared("ttft_p99_s", "p99");
    f.key("tpot_s", &R::tpot, "", "per output token after the first, a mean of each request")
        .compared("tpot_s", "mean")
        .compared("tpot_p90_s", "p90")
        .compared("tpot_p99_s", "p99");
    f.key("itl_s", &R::itl, "", "gaps between tokens, all of them").compared("itl_p99_s", "p99");
    f.key("e2e_s", &R::e2e, "", "to the last token")
        .compared("latency_s", "mean")
        .compared("e2e_p90_s", "p90")
        .compared("e2e_p99_s", "p99");
    f.key("queued_s", &R::queued, "", "until a request's first step begins");
    f.key("requests_per_s", &R::requests_per_s, "requests/s", "answered, over the whole duration")
        .compared("requests_per_s");
    f.key("output_tokens_per_s", &R::output_tokens_per_s, "tokens/s", "of all replicas")
        .compared("tokens_per_s");
    f.key("total_tokens_per_s", &R::total_tokens_per_s, "tokens/s", "of prompts and answers");
    f.key("targets", &R::targets, "", "in words; empty where there are none");
    f.key("goodput_requests_per_s", &R::goodput_requests_per_s, "requests/s", "that keep the targets")
        .compared("goodput_requests_per_s");
    f.key("good_share", &R::good_share, "share", "of the requests keep the targets").compared("good_share");
    f.key("highest_rate_per_s", &R::highest_rate_per_s, "requests/s",
          "that keeps the targets, where it was looked for; 0: none does")
        .compared("highest_rate_per_s");
    f.key("input_tokens", &R::input_tokens, "tokens", "of a request, mean");
    f.key("output_tokens", &R::output_tokens, "tokens", "of a request, mean");
    f.key("prompt_share", &R::prompt_share, "share", "of the time, spent on prompts");
    f.key("energy_j", &R::energy, "J", "of all boards over the duration").compared("energy_j");
    f.key("energy_per_token_j", &R::energy_per_token, "J", "all energy over the output tokens")
        .compared("energy_per_token_j");
    f.key("average_power_w", &R::average_power_w, "W", "of all boards").compared("average_power_w");
    f.key("area_mm2", &R::area_mm2, "mm2", "of all devices' dies").compared("area_mm2");
    f.key("price_usd", &R::price, "", "what the machine costs, where that is known");
    f.key("kv_blocks", &R::kv_blocks, "", "blocks of keys and values");
    f.key("preemptions", &R::preemptions, "", "sequences set back and computed again")
        .compared("preemptions");
    f.key("prefix_hit_rate", &R::prefix_hit_rate, "share", "of the prompt tokens, found in the prefix cache")
        .compared("prefix_hit_rate");
    f.key("binding", &R::binding, "", "what limits it, in words");
    f.key("saturation", &R::saturation, "", "whether the load can be kept");
    f.key("time_s", &R::time, "s", "of all steps, by what took it");
    f.key("steps", &R::steps, "", "that ran");
    f.key("memory", &R::memory, "", "of one device");
    f.key("over_time", &R::over_time, "", "queue, cache and power");
    f.key("expected_error", &R::expected, "", "how far latencies are expected to be off")
        .compared("expected_p90", "p90");
    f.key("expected_power_error", &R::expected_power, "", "how far power is expected to be off");
    f.key("expected_energy_error", &R::expected_energy, "", "how far energy is expected to be off");
    f.other("ownership", Shape::object(&table_of<PointFleet>), "",
            "of a point of a sweep over a cost scenario: typical figures of the fleet that serves its demand")
        .optional();
    f.key("run_info", &R::info, "", "all that differs from run to run");
    return Table(f);
  }();
  return table;
}

const Table& serving_body_table() {
  static const Table table = [] {
    const Table& whole = table_of<ServingResult>();
    std::vector<Field> fields;
    for (const Field& field : whole.fields()) {
      if (field.key != "run_info" && field.key != "over_time") fields.push_back(field);
    }
    return Table(whole.sentence(), std::move(fields));
  }();
  return table;
}

}  // namespace orrery
