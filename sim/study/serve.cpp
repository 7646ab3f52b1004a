#include "sim/study/serve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/estimate/energy.h"
#include "sim/estimate/expected_error.h"
#include "sim/estimate/price_figures.h"
#include "sim/study/capacity.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

RequestSpread spread_of(const Distribution& d) {
  if (d.count() == 0) return {};
  return {d.mean(), d.percentile(0.5), d.percentile(0.9), d.percentile(0.99)};
}

std::string range_in_words(const LengthRange& r) {
  return r.low == r.high ? fmt::format("{}", r.low) : fmt::format("{} to {}", r.low, r.high);
}

std::string load_in_words(const LoadSpec& load) {
  std::string arrivals;
  if (load.closed()) {
    arrivals = fmt::format("{} users in a closed loop", load.concurrency);
    if (load.think_s > 0) arrivals += fmt::format(", {:g} s between answer and next request", load.think_s);
  } else if (load.offline) {
    arrivals = "all requests at once";
  } else if (load.rate > 0) {
    arrivals = fmt::format("{:g} requests/s, {} arrivals", load.rate, to_string(load.arrivals));
  } else {
    arrivals = "arrivals of the trace";
    if (load.speedup != 1) arrivals += fmt::format(", {:g} times as fast", load.speedup);
  }
  const auto lengths = [&](const std::optional<LengthRange>& range, const LengthRange& usual) {
    return !load.trace.empty() && !range ? std::string("as in the trace")
                                         : range_in_words(range.value_or(usual));
  };
  return fmt::format("{}; prompts of {} tokens, answers of {}", arrivals, lengths(load.input, kUsualInput),
                     lengths(load.output, kUsualOutput));
}

std::string targets_in_words(const RequestTargets& t) {
  std::string words;
  const auto add = [&](const char* name, double target) {
    if (target > 0) words += fmt::format("{}{} <= {:g} s", words.empty() ? "" : ", ", name, target);
  };
  add("TTFT", t.ttft_s);
  add("TPOT", t.tpot_s);
  add("E2E", t.e2e_s);
  return words;
}

// How the queue grew while requests came: its mean late less its mean before.
SaturationFigures saturation_of(const ServingOutcome& o, const LoadSpec& load) {
  SaturationFigures s;
  const double window = o.last_arrival_s - o.first_arrival_s;
  if (load.closed() || load.offline || window <= 0 || o.arrived < 20) return s;
  const double early = o.waiting.mean_between(o.first_arrival_s + window / 4, o.first_arrival_s + window / 2);
  const double late = o.waiting.mean_between(o.first_arrival_s + 3 * window / 4, o.last_arrival_s);
  const double growth = (late - early) / (window / 2);
  const double rate = static_cast<double>(o.arrived) / window;
  s.saturated = growth > 0.02 * rate && late > 2 * early + 4;
  if (s.saturated) s.queue_growth_per_s = growth;
  return s;
}

std::string binding_of(const ServingOutcome& o, const SaturationFigures& saturation) {
  const StepSums& sums = o.steps;
  std::string words = fmt::format("steps by {}", to_string(sums.split.largest()));
  double held = 0;
  std::size_t most = 0;
  for (std::size_t i = 1; i < sums.held_up_s.size(); ++i) {
    held += sums.held_up_s[i];
    if (most == 0 || sums.held_up_s[i] > sums.held_up_s[most]) most = i;
  }
  if (held > 0.01 * sums.busy_s)
    words += fmt::format("; requests wait {:.0f} % of the time, for {}", 100 * held / sums.busy_s,
                         to_string(static_cast<Holdup>(most)));
  if (saturation.saturated)
    words += fmt::format("; the load is more than it can keep: the queue grows by {:.3g} requests/s",
                         static_cast<double>(saturation.queue_growth_per_s));
  return words;
}

// Of `devices` boards that spend so much together beyond static power.
double all_joules(double dynamic_j, double seconds, std::uint32_t devices, const ArchSpec& arch) {
  if (devices == 0) return 0;
  return total_energy(Joules(dynamic_j / devices), seconds, devices, arch).value();
}

// `joules`: of what the boards spend beyond static power, those that only compute prompts apart, over
// seconds.
template <class OfDynamic>
std::vector<ServingStretch> stretches_of(const ServingOutcome& o, OfDynamic joules) {
  std::vector<ServingStretch> all;
  const double width = o.dynamic_w.width();
  for (std::size_t i = 0; i < std::max(o.dynamic_w.size(), o.prefill_dynamic_w.size()); ++i) {
    const double from = static_cast<double>(i) * width;
    const double to = std::min(o.end_s, from + width);
    if (to <= from) break;
    ServingStretch s;
    s.from_s = from;
    s.to_s = to;
    s.waiting = o.waiting.mean_between(from, to);
    s.running = o.running.mean_between(from, to);
    s.kv_share = o.kv_used.mean_between(from, to);
    const double width_s = to - from;
    s.power_w = joules(o.dynamic_w.mean_between(from, to) * width_s,
                       o.prefill_dynamic_w.mean_between(from, to) * width_s, width_s) /
                width_s;
    all.push_back(s);
  }
  return all;
}

SchedulerFigures figures_of(const ServingLimits& l) {
  return {to_string(l.policy), l.token_budget, l.sequences, l.block_tokens,
          l.chunked_prefill,   l.prefix_cache, l.ahead,     l.graph_sizes};
}

}  // namespace

struct ServingBench::Parts {
  const Posed& question;
  const ServeRequest& request;
  OperatorRunner& runner;
  Deployment serving;
  std::optional<Deployment> prefilling;
  // Those that serve and those that guess; a question's own machine alone.
  std::unique_ptr<SimulatedSizes> sizes, draft_sizes, prefill_sizes;
  std::unique_ptr<StepOracle> oracle, prefill_oracle, draft_oracle;
  ServingSetup setup;

  Parts(const Posed& q, const ServeRequest& r, OperatorRunner& of) : question(q), request(r), runner(of) {
    ServingOverrides overrides = r.overrides;
    if (r.guessing) {
      if (r.guessing->draft) overrides.draft_bytes = draft_bytes(*r.guessing->draft);
      if (!overrides.sequences) overrides.sequences = q.runtime.serving.guessing_sequences;
      if (!overrides.ahead) overrides.ahead = q.runtime.serving.guessing_ahead;
    }
    serving = deploy(*q.llm, q.scenario, q.arch, q.runtime, overrides);
    if (r.guessing) add_guessing(*r.guessing);
    sizes = std::make_unique<SimulatedSizes>(*q.llm, q.scenario.formats, serving.split, serving.execution,
                                             runner);
    oracle = std::make_unique<StepOracle>(*sizes);
    setup.serving = {serving.replica, oracle.get(), r.replicas * serving.replicas};
    setup.router = r.router;
    setup.request_s = r.over_http ? 1e-6 * q.runtime.serving.request_us : 0;
    setup.prompt_token_s = 1e-6 * q.runtime.serving.prompt_token_us;
    setup.most_positions = q.llm->max_positions;
    setup.empty_answers_count = r.empty_answers_count;
    if (r.prefilling) add_prefilling(*r.prefilling);
  }

  double draft_bytes(const LlmSpec& draft) const {
    return static_cast<double>(
        device_parameters(draft, question.scenario.formats, question.scenario.split, serving.execution)
            .bytes);
  }

  void add_guessing(const Guessing& g) {
    if (serving.split.pipeline > 1)
      throw ConfigError("", "--draft-tokens: guesses through a pipeline (--pp) are not simulated");
    serving.replica.limits.speculation = g.how;
    if (!g.draft) return;
    Parallelism split = serving.split;
    split.expert = std::min(split.expert, split.tensor);
    draft_sizes = std::make_unique<SimulatedSizes>(*g.draft, question.scenario.formats, split,
                                                   serving.execution, runner);
    draft_oracle = std::make_unique<StepOracle>(*draft_sizes);
    serving.replica.draft = draft_oracle.get();
  }

  void add_prefilling(const Prefilling& p) {
    const Posed& q = prefills();
    prefilling = deploy(*q.llm, q.scenario, q.arch, q.runtime, request.overrides);
    if (p.sizes == nullptr)
      prefill_sizes = std::make_unique<SimulatedSizes>(*q.llm, q.scenario.formats, prefilling->split,
                                                       prefilling->execution, runner);
    prefill_oracle = std::make_unique<StepOracle>(p.sizes != nullptr ? *p.sizes : *prefill_sizes);
    setup.prefilling.push_back(
        {prefilling->replica, prefill_oracle.get(), p.replicas * prefilling->replicas});
    double bytes_per_s = p.link_bytes_per_s;
    if (bytes_per_s <= 0 && q.arch.name != question.arch.name)
      throw ConfigError("",
                        fmt::format("between {} and {} no link is known over which keys and values could go; "
                                    "--kv-link says one",
                                    q.arch.name, question.arch.name));
    if (bytes_per_s <= 0) bytes_per_s = question.arch.node.link.bytes_per_s * prefilling->replica.devices;
    if (bytes_per_s <= 0)
      throw ConfigError("", q.arch.name +
                                " has no links over which keys and values could go to the machine "
                                "that decodes; --kv-link says one");
    setup.handover = {serving.kv_bytes_per_token, serving.kv_fixed_bytes, bytes_per_s,
                      p.orchestration_s.value_or(1e-6 * q.runtime.serving.handover_us)};
  }

  // What prompts are deployed as that are computed apart.
  const Posed& prefills() const {
    return request.prefilling && request.prefilling->question != nullptr ? *request.prefilling->question
                                                                         : question;
  }

  double joules(double dynamic_j, double prefill_dynamic_j, double seconds) const {
    const std::uint32_t own = setup.serving.count * serving.replica.devices;
    return all_joules(dynamic_j, seconds, own, question.arch) +
           all_joules(prefill_dynamic_j, seconds, devices() - own, prefills().arch);
  }

  std::uint32_t devices() const {
    std::uint32_t sum = setup.serving.count * serving.replica.devices;
    for (const ReplicaGroup& group : setup.prefilling) sum += group.count * group.spec.devices;
    return sum;
  }

  // Of the time of all machines. Where some compute prompts alone, theirs.
  double prompt_share(const ServingResult& r) const {
    if (r.output_tokens == 0) return 1;
    if (setup.prefilling.empty())
      return orrery::prompt_share(serving, *oracle, r.input_tokens, r.output_tokens,
                                  r.steps.decoding * serving.replica.stages / serving.replica.ranks);
    const double others = setup.serving.count * serving.replica.devices;
    return 1 - others / devices();
  }

  // Steps that ran, simulated whole.
  void check(const ServingRun& run, StepFigures& steps) {
    double largest = 0;
    const Replica& replica = *run.replicas().front();
    for (const Replica::Sample& sample : replica.samples()) {
      const double whole = sizes->whole(sample.step).sum.seconds;
      const double composed = oracle->cost(sample.load).sum.seconds;
      largest = std::max(largest, std::abs(composed - whole) / whole);
      ++steps.checked;
    }
    steps.interpolation_error = largest;
  }
};

ServingBench::ServingBench(const Posed& question, const ServeRequest& request, OperatorRunner& runner)
    : parts_(std::make_unique<Parts>(question, request, runner)) {}
ServingBench::~ServingBench() = default;

ServingResult ServingBench::run(const LoadSpec& load, const Progress& progress) {
  Parts& p = *parts_;
  const Posed& q = p.question;
  const auto source = open_source(load);
  ServingRun serving(p.setup);
  ServingListeners listeners;
  listeners.each = p.request.each;
  if (progress) listeners.progress = [&](std::uint64_t done) { progress("requests", done, load.requests); };
  ServingOutcome o = serving.run(*source, load, p.request.targets, listeners);
  if (o.finished == 0)
    throw ConfigError(load.trace,
                      fmt::format("none of {} requests can be served: {}", o.arrived, o.why_refused));
  ServingResult r;
  r.arch = q.arch.name;
  if (p.request.prefilling) r.prefill_arch = p.prefills().arch.name;
  r.model = q.llm->name;
  r.dtype = to_string(q.scenario.formats.arithmetic());
  r.weights = name_of(q.scenario.formats.most_weights());
  r.kv = name_of(q.scenario.formats.kv);
  r.fidelity = to_string(p.runner.options().fidelity);
  r.runtime = q.runtime.name;
  r.devices = p.devices();
  r.node = q.arch.node.in_words(p.serving.replica.devices);
  r.replicas = p.setup.serving.count;
  for (const ReplicaGroup& group : p.setup.prefilling) r.prefill_replicas += group.count;
  const Parallelism& split = p.serving.split;
  r.division = {split.tensor, split.pipeline, split.expert, split.data, split.context, split.pipeline};
  r.router = to_string(p.request.router);
  r.scheduler = figures_of(p.serving.replica.limits);
  r.load = load_in_words(load);
  r.requests = o.arrived;
  r.finished = o.finished;
  r.refused = o.refused;
  r.why_refused = o.why_refused;
  r.duration_s = o.end_s - o.first_arrival_s;
  r.ttft = spread_of(o.ttft);
  r.tpot = spread_of(o.tpot);
  r.itl = spread_of(o.itl);
  r.e2e = spread_of(o.e2e);
  r.queued = spread_of(o.queued);
  const double seconds = std::max(1e-12, double{r.duration_s});
  const auto output = static_cast<double>(o.output_tokens);
  r.requests_per_s = static_cast<double>(o.finished) / seconds;
  r.output_tokens_per_s = output / seconds;
  r.total_tokens_per_s = (output + static_cast<double>(o.input_tokens)) / seconds;
  r.good_share = static_cast<double>(o.good) / static_cast<double>(o.finished + o.refused);
  r.goodput_requests_per_s = static_cast<double>(o.good) / seconds;
  r.input_tokens = static_cast<double>(o.input_tokens) / static_cast<double>(o.finished);
  r.output_tokens = output / static_cast<double>(o.finished);
  r.energy = Joules(p.joules(o.steps.dynamic_j - o.prefill_dynamic_j, o.prefill_dynamic_j, seconds));
  r.energy_per_token = r.energy / std::max(1.0, output);
  r.average_power_w = r.energy.value() / seconds;
  r.kv_blocks.blocks = p.serving.replica.cache.blocks;
  r.kv_blocks.block_tokens = p.serving.replica.cache.block_tokens;
  r.kv_blocks.mean_share = o.kv_used.mean_between(0, o.end_s);
  r.kv_blocks.peak_share = o.peak_kv;
  r.kv_blocks.host_blocks = p.serving.replica.cache.host_blocks;
  r.kv_blocks.stored = o.steps.stored;
  r.kv_blocks.loaded = o.steps.loaded;
  r.preemptions = o.preemptions;
  r.prefix_hit_rate =
      o.input_tokens > 0 ? static_cast<double>(o.cached_tokens) / static_cast<double>(o.input_tokens) : 0;
  r.saturation = saturation_of(o, load);
  r.binding = binding_of(o, r.saturation);
  r.targets = targets_in_words(p.request.targets);
  r.time = o.steps.split;
  const auto steps = static_cast<double>(std::max<std::uint64_t>(1, o.steps.steps));
  r.steps.count = o.steps.steps;
  r.steps.mean_s = o.steps.busy_s / steps;
  // Where prompts are computed apart, the others' steps decode and theirs do not.
  const auto prefilling = static_cast<double>(o.steps_of_prefill);
  r.steps.decoding = o.steps.decoding / std::max(1.0, steps - prefilling);
  r.steps.kept_tokens = o.steps.decoding > 0 ? o.steps.kept / o.steps.decoding : 0;
  r.steps.prompt_tokens = o.steps.prompt_tokens / (prefilling > 0 ? prefilling : steps);
  r.prompt_share = p.prompt_share(r);
  if (p.request.check && p.runner.options().fidelity != Fidelity::roofline) p.check(serving, r.steps);
  r.steps.simulated_sizes = p.oracle->simulated_sizes();
  r.over_time = stretches_of(
      o, [&](double own_j, double prefill_j, double width_s) { return p.joules(own_j, prefill_j, width_s); });
  r.memory.weights = p.serving.memory.weights;
  r.memory.kv_cache = p.serving.memory.kv_cache;
  r.memory.activations = p.serving.memory.activations;
  r.memory.kv_per_token = static_cast<std::uint64_t>(p.serving.kv_bytes_per_token / r.devices);
  r.memory.free =
      q.arch.dram.allocatable_bytes - std::min(q.arch.dram.allocatable_bytes, p.serving.memory.total());
  const ParameterCount parameters = count_parameters(*q.llm, q.scenario.formats);
  r.memory.parameters = parameters.total;
  r.memory.active_parameters = parameters.active;
  r.info.cache_hits = p.runner.cache_hits();
  return r;
}

std::unique_ptr<StepSizes> sizes_elsewhere(const Posed& q, const ServeRequest& request,
                                           const Session& session) {
  return std::make_unique<SizesElsewhere>([&](const SizesElsewhere::Answer& answer) {
    Session own(session.how(), session.uses_store());
    const auto runner = own.runner(q.arch, q.timing_digest);
    const Deployment d = deploy(*q.llm, q.scenario, q.arch, q.runtime, request.overrides);
    SimulatedSizes sizes(*q.llm, q.scenario.formats, d.split, d.execution, *runner);
    answer(sizes);
    own.commit();
  });
}

SteadyState ServingBench::estimate(const LoadSpec& load) {
  Parts& p = *parts_;
  const LoadMeans lengths = mean_lengths(load);
  SteadyState state = steady_state(p.serving, *p.oracle, lengths.input, lengths.output, p.request.targets);
  state.requests_per_s *= p.setup.serving.count;
  state.sequences *= p.setup.serving.count * p.serving.replica.ranks;
  return state;
}

ServingResult served(const Posed& question, const ServeRequest& request, OperatorRunner& runner,
                     const Progress& progress) {
  ServingBench bench(question, request, runner);
  return request.find_rate ? highest_rate(bench, request.load, request.good_share, progress)
                           : bench.run(request.load, progress);
}

void complete(ServingResult& result, const Posed& question, const AccuracyTable& accuracy) {
  const ExpectedErrors e = expected_errors(result, question.arch, accuracy);
  result.expected = e.time;
  result.expected_power = e.power;
  result.expected_energy = e.energy;
  if (!result.prefill_arch.empty() && result.prefill_arch != result.arch) return;  // two prices
  add_price_figures(result, question.arch, question.technology, question.prices);
}

ServingResult evaluate(const Posed& question, const ServeRequest& request, Session& session,
                       const Progress& progress) {
  const auto runner = session.runner(question.arch, question.timing_digest);
  ServingResult result = served(question, request, *runner, progress);
  complete(result, question, session.accuracy());
  session.commit();
  return result;
}

}  // namespace orrery
