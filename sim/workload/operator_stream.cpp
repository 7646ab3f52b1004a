#include "sim/workload/operator_stream.h"

#include <utility>

namespace orrery {

ModelStream::ModelStream(LlmSpec llm, const Scenario& scenario, ExecutionSpec execution)
    : llm_(std::move(llm)), execution_(std::move(execution)) {
  check_scenario(llm_, scenario);
  info_.model = llm_.name;
  info_.scenario = scenario;
  info_.memory = memory_need(llm_, scenario);
  info_.prefill_graphs = execution_.prefill == PrefillMode::token_by_token ? scenario.input : 1;
  info_.decode_graphs = llm_.encoder_only ? 0 : scenario.output - 1;
}

OperatorGraph ModelStream::build(Phase phase, std::uint64_t index) const {
  if (phase == Phase::decode)
    return build_decode_step(llm_, info_.scenario, execution_, info_.scenario.input + index + 1);
  if (execution_.prefill == PrefillMode::parallel) return build_prefill(llm_, info_.scenario, execution_);
  OperatorGraph graph = build_decode_step(llm_, info_.scenario, execution_, index + 1);
  for (Operator& op : graph.operators) op.phase = Phase::prefill;
  return graph;
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
