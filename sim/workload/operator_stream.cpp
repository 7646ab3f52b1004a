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

OperatorGraph ModelStream::prefill(std::uint64_t index) const {
  if (execution_.prefill == PrefillMode::parallel) return build_prefill(llm_, info_.scenario, execution_);
  OperatorGraph graph = build_decode_step(llm_, info_.scenario, execution_, index + 1);
  for (Operator& op : graph.operators) op.phase = Phase::prefill;
  return graph;
}

OperatorGraph ModelStream::decode(std::uint64_t index) const {
  return build_decode_step(llm_, info_.scenario, execution_, info_.scenario.input + index + 1);
}

RecordedStream::RecordedStream(StreamInfo info, std::vector<OperatorGraph> prefill,
                               std::vector<OperatorGraph> decode)
    : info_(std::move(info)), prefill_(std::move(prefill)), decode_(std::move(decode)) {}

}  // namespace orrery
