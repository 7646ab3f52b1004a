#include "sim/workload/operator_stream.h"

#include <utility>

namespace orrery {

StreamInfo stream_info(const LlmSpec& llm, const Scenario& scenario, std::uint64_t token_budget) {
  StreamInfo info;
  info.model = llm.name;
  info.scenario = scenario;
  const ParameterCount parameters = count_parameters(llm, scenario.formats);
  info.memory = memory_need(llm, scenario, token_budget, parameters);
  info.kv_bytes_per_token = kv_bytes_per_token(llm, scenario);
  info.parameters = parameters.total;
  info.active_parameters = parameters.active;
  return info;
}

ModelStream::ModelStream(LlmSpec llm, const Scenario& scenario, ExecutionSpec execution,
                         std::uint64_t token_budget)
    : llm_(std::move(llm)), execution_(std::move(execution)) {
  check_scenario(llm_, scenario);
  info_ = stream_info(llm_, scenario, token_budget);
  // An encoder reads a prompt whole.
  info_.token_by_token = execution_.prefill == PrefillMode::token_by_token && !llm_.encoder;
  if (info_.token_by_token) {
    for (std::uint64_t i = 1; i <= scenario.input; ++i)
      prefill_.push_back({{{{Phase::prefill, scenario.batch, 1, i}}}, 1});
  } else {
    prefill_ = prefill_steps(scenario.batch, scenario.input, token_budget, llm_.encoder_only || llm_.encoder);
  }
  for (const StepRun& run : prefill_) info_.prefill.push_back({run.step.sequences(), run.times});
  info_.decode_graphs = llm_.encoder_only ? 0 : scenario.output - 1;
}

OperatorGraph ModelStream::build(Phase phase, std::uint64_t index) const {
  const Scenario& s = info_.scenario;
  const auto graph = [&](const Step& step) {
    return build_step(llm_, step, s.formats, s.split, execution_, names_);
  };
  if (phase == Phase::prefill) return graph(prefill_[index].step);
  // Beside an encoder a sequence begins with a token of its own.
  if (llm_.encoder) return graph({{{Phase::decode, s.batch, 1, index + 2, s.input}}});
  return graph({{{Phase::decode, s.batch, 1, s.input + index + 1}}});
}

const OperatorGraph& ModelStream::graph(Phase phase, std::uint64_t index) const {
  auto& kept = kept_[phase == Phase::decode ? 1 : 0];
  const auto found = kept.find(index);
  if (found != kept.end()) return found->second;
  if (kept.size() < kMostKept) return kept.emplace(index, build(phase, index)).first->second;
  return latest_ = build(phase, index);
}

const OperatorGraph& ModelStream::prefill(std::uint64_t index) const {
  return graph(Phase::prefill, index);
}

const OperatorGraph& ModelStream::decode(std::uint64_t index) const {
  return graph(Phase::decode, index);
}

RecordedStream::RecordedStream(StreamInfo info, std::vector<OperatorGraph> prefill,
                               std::vector<OperatorGraph> decode)
    : info_(std::move(info)), prefill_(std::move(prefill)), decode_(std::move(decode)) {}

}  // namespace orrery
