#include "sim/serve/inference.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "sim/engine/step_runner.h"
#include "sim/serve/decode_sampling.h"
#include "sim/serve/pipeline_step.h"
#include "sim/serve/rank_step.h"
#include "sim/serve/run_log.h"

namespace orrery {
namespace {

constexpr double kSamplingTolerance = 0.005;  // of a step's time, where steps are interpolated

// Runs streams step by step.
class PhaseRunner {
 public:
  PhaseRunner(OperatorRunner& runner, const RuntimeSpec& runtime, const Progress& progress)
      : steps_(runner, runtime),
        exact_(runner.options().exact),
        side_by_side_(runner.arch().execution.overlaps_collectives),
        progress_(progress) {}

  Phases run(const OperatorStream& stream) {
    const StreamInfo& info = stream.info();
    Phases phases;
    phases.prefill = info.token_by_token
                         ? sampled("prefill", info.prefill.size(),
                                   [&](std::uint64_t i) { return token_step(stream, Phase::prefill, i); })
                         : prompt_steps(stream);
    phases.decode = sampled("decode", info.decode_graphs,
                            [&](std::uint64_t i) { return token_step(stream, Phase::decode, i); });
    return phases;
  }

 private:
  StepRunner steps_;
  const bool exact_;
  const bool side_by_side_;  // links beside cores
  const Progress& progress_;

  // A step of ranks that are not all alike.
  Tally ranks_of(const OperatorStream& stream, Phase phase, std::uint64_t i, std::uint64_t sequences) {
    const StreamInfo& info = stream.info();
    std::vector<RankStretch> work(info.ranks);
    std::vector<Tally> tallies;
    std::vector<double> own_s;
    for (std::uint32_t r = 0; r < info.ranks; ++r) {
      work[r].graph = &stream.graph(phase, i, r);
      std::vector<OperatorCost> costs;
      tallies.push_back(steps_.run(*work[r].graph, sequences, &costs));
      for (const OperatorCost& cost : costs) work[r].seconds.push_back(cost.seconds);
      own_s.push_back(side_by_side_ ? tallies.back().seconds
                                    : std::accumulate(work[r].seconds.begin(), work[r].seconds.end(), 0.0));
    }
    return rank_step(tallies, meet(work, own_s, side_by_side_, info.model));
  }

  // A step of `sequences` sequences, stage by stage.
  PipelineStep stages_of(const OperatorStream& stream, Phase phase, std::uint64_t i,
                         std::uint64_t sequences) {
    PipelineStep step;
    if (stream.info().ranks > 1) {
      step.add(ranks_of(stream, phase, i, sequences));
      return step;
    }
    for (std::uint32_t s = 0; s < stream.info().stages; ++s)
      step.add(steps_.run(stream.graph(phase, i, s), sequences));
    return step;
  }

  // A token of every sequence: micro-batches follow each other through the stages, and each comes back when
  // it is through.
  Tally token_step(const OperatorStream& stream, Phase phase, std::uint64_t i) {
    const StreamInfo& info = stream.info();
    return stages_of(stream, phase, i, info.sequences()).round(info.micro_batches);
  }

  // Steps that are alike run once, unless everything is simulated. They follow each other through the stages.
  Tally prompt_steps(const OperatorStream& stream) {
    const std::vector<GraphUse>& uses = stream.info().prefill;
    Tally sum;
    for (std::size_t i = 0; i < uses.size(); ++i) {
      const std::uint64_t runs = exact_ ? uses[i].times : 1;
      for (std::uint64_t n = 0; n < runs; ++n) {
        const PipelineStep step = stages_of(stream, Phase::prefill, i, uses[i].sequences);
        const bool last = i + 1 == uses.size() && n + 1 == runs;
        sum += step.follow(uses[i].times / runs, last);
      }
      progress_("prefill", i + 1, uses.size());
    }
    return sum;
  }

  // Steps of which each is a little longer than the last.
  template <class StepAt>
  Tally sampled(const char* name, std::uint64_t steps, StepAt step_at) {
    std::map<std::uint64_t, Tally> tallies;
    const SamplePlan plan = sample_steps(steps, exact_ ? 0 : kSamplingTolerance, [&](std::uint64_t step) {
      const Tally& tally = tallies[step] = step_at(step);
      progress_(name, tallies.size(), steps);
      return tally.seconds;
    });
    Tally sum;
    for (const auto& [step, halves] : plan.double_weights) sum += tallies.at(step).halves(halves);
    sum.largest_deviation = plan.largest_deviation;
    return sum;
  }
};

}  // namespace

RunResult run_inference(const OperatorStream& stream, OperatorRunner& runner, const Progress& progress,
                        const RuntimeSpec& runtime) {
  check_fits(stream.info(), runner.arch());
  RunLog log;
  log.add(PhaseRunner(runner, runtime, progress).run(stream), 1);
  return log.result(stream.info(), runner, runtime);
}

RunResult run_model(const LlmSpec& llm, const Scenario& scenario, OperatorRunner& runner,
                    const RuntimeSpec& runtime, const Progress& progress, const StreamSource& streams) {
  const ArchSpec& arch = runner.arch();
  PhaseRunner phases(runner, runtime, progress);
  const auto run_part = [&](const Scenario& part) {
    return streams ? phases.run(streams(part))
                   : phases.run(ModelStream(llm, part, runtime.on(arch.execution), runtime.token_budget));
  };
  const BatchPlan plan = plan_batches(llm, scenario, arch, runtime);
  RunLog log;
  for (const Round& round : plan.rounds) {
    Scenario part = scenario;
    part.batch = round.batch;
    log.add(run_part(part), round.times);
  }
  if (plan.recomputed_sequences > 0 && scenario.output > 1) {
    // Prompt and, on average, half of what had been generated, once more.
    Scenario again = scenario;
    again.batch = plan.recomputed_sequences;
    again.input = scenario.input + scenario.output / 2;
    again.output = 1;
    log.add_again(run_part(again));
  }
  StreamInfo info = stream_info(llm, scenario, arch.execution, runtime.token_budget);
  info.memory.kv_cache =
      info.memory.kv_cache / scenario.replica_batch() * (plan.rounds.front().batch / scenario.split.data);
  RunResult r = log.result(info, runner, runtime);
  r.rounds = plan.round_count();
  r.recomputed_sequences = plan.recomputed_sequences;
  return r;
}

}  // namespace orrery
