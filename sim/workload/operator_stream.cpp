#include "sim/workload/operator_stream.h"

#include <algorithm>
#include <utility>

#include "sim/util/checked.h"
#include "sim/util/units.h"
#include "sim/workload/pipeline.h"

namespace orrery {

StreamInfo stream_info(const LlmSpec& llm, const Scenario& scenario, const ExecutionSpec& execution,
                       std::uint64_t token_budget) {
  StreamInfo info;
  info.model = llm.name;
  info.scenario = scenario;
  const ParameterCount parameters = count_parameters(llm, scenario.formats);
  info.memory = memory_need(llm, scenario, execution, token_budget);
  info.kv_bytes_per_token = kv_bytes_per_token(llm, scenario);
  info.parameters = parameters.total;
  info.active_parameters = parameters.active;
  info.stages = scenario.split.pipeline;
  info.micro_batches = scenario.micro_batches();
  return info;
}

ModelStream::ModelStream(LlmSpec llm, const Scenario& scenario, ExecutionSpec execution,
                         std::uint64_t token_budget)
    : execution_(std::move(execution)) {
  check_scenario(llm, scenario);
  info_ = stream_info(llm, scenario, execution_, token_budget);
  // An encoder reads a prompt whole.
  info_.token_by_token = execution_.prefill == PrefillMode::token_by_token && !llm.encoder;
  const std::uint64_t batch = scenario.replica_batch();
  if (scenario.step) {
    info_.token_by_token = false;
    info_.micro_batches = 1;
    prefill_ = {{*scenario.step, 1}};
  } else if (info_.token_by_token) {
    for (std::uint64_t i = 1; i <= scenario.input; ++i)
      prefill_.push_back({{{{Phase::prefill, info_.sequences(), 1, i}}}, 1});
  } else {
    prefill_ = prefill_steps(batch, scenario.input, scenario.step_tokens(token_budget),
                             llm.encoder_only || llm.encoder);
  }
  for (const StepRun& run : prefill_) info_.prefill.push_back({run.step.sequences(), run.times});
  info_.decode_graphs = llm.encoder_only ? 0 : scenario.output - 1;
  crossed_ = llm.encoder.has_value();
  stages_ = pipeline_stages(llm, scenario.split.pipeline);
}

OperatorGraph ModelStream::build(Phase phase, std::uint64_t index, std::uint32_t stage) const {
  const Scenario& s = info_.scenario;
  const auto graph = [&](const Step& step) {
    return build_step(stages_[stage], step, s.formats, s.split, execution_, names_);
  };
  if (phase == Phase::prefill) return graph(prefill_[index].step);
  const std::uint64_t batch = info_.sequences();
  // Beside an encoder a sequence begins with a token of its own.
  if (crossed_) return graph({{{Phase::decode, batch, 1, index + 2, s.input}}});
  return graph({{{Phase::decode, batch, 1, s.input + index + 1}}});
}

const OperatorGraph& ModelStream::graph(Phase phase, std::uint64_t index, std::uint32_t stage) const {
  const Place place{phase, index, stage};
  const auto found = kept_.find(place);
  if (found != kept_.end()) return found->second;
  if (kept_.size() < kMostKept) return kept_.emplace(place, build(phase, index, stage)).first->second;
  return latest_ = build(phase, index, stage);
}

RecordedStream::RecordedStream(StreamInfo info, std::vector<OperatorGraph> prefill,
                               std::vector<OperatorGraph> decode)
    : info_(std::move(info)), prefill_(std::move(prefill)), decode_(std::move(decode)) {}

}  // namespace orrery
