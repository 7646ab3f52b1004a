#pragma once
// An inference as a stream of operator graphs: the prefill's steps, then one a generated token. A stream
// comes from a model and a scenario, or from a trace file; whoever runs it cannot tell which.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "sim/workload/memory_need.h"
#include "sim/workload/transformer_graph.h"

namespace orrery {

// A graph of the prefill: how many sequences are in its step, and how often the same step runs.
struct GraphUse {
  std::uint64_t sequences = 1;
  std::uint64_t times = 1;
};

struct StreamInfo {
  std::string model;
  Scenario scenario;
  MemoryNeed memory;
  std::uint64_t kv_bytes_per_token = 0;                        // on a device
  std::optional<std::uint64_t> parameters, active_parameters;  // of the model; old traces do not say
  std::uint32_t stages = 1;                                    // of a pipeline, a graph each for every step
  std::uint32_t ranks = 1;          // that do not all do the same: a graph each for every step (of one stage)
  std::uint64_t micro_batches = 1;  // that the sequences decode in, one behind the other
  std::vector<GraphUse> prefill;    // of each of its graphs
  bool token_by_token = false;  // the prefill is a graph a prompt token, each a little longer than the last
  std::uint64_t decode_graphs = 0;  // output - 1
  // Of a decode step's graph.
  std::uint32_t lanes() const { return stages * ranks; }  // graphs of a step
  std::uint64_t sequences() const { return ceil_div(scenario.replica_batch(), micro_batches); }
};

// What a scenario of a model says before its graphs: no prefill, no decode steps yet.
StreamInfo stream_info(const LlmSpec& llm, const Scenario& scenario, const ExecutionSpec& execution,
                       std::uint64_t token_budget);

class OperatorStream {
 public:
  virtual ~OperatorStream() = default;
  virtual const StreamInfo& info() const = 0;
  // Graph `index` of the phase, of a stage or a rank; any order, any number of times. Valid until the next
  // call.
  virtual const OperatorGraph& graph(Phase phase, std::uint64_t index, std::uint32_t lane) const = 0;
  // Of a stream of one stage.
  const OperatorGraph& prefill(std::uint64_t index) const { return graph(Phase::prefill, index, 0); }
  const OperatorGraph& decode(std::uint64_t index) const { return graph(Phase::decode, index, 0); }
};

// Calls visit(phase, step) for all steps of a stream.
template <class Visit>
void for_each_step(const OperatorStream& stream, Visit visit) {
  const StreamInfo& info = stream.info();
  for (const auto& [phase, steps] : {std::pair(Phase::prefill, std::uint64_t{info.prefill.size()}),
                                     std::pair(Phase::decode, info.decode_graphs)}) {
    for (std::uint64_t i = 0; i < steps; ++i) visit(phase, i);
  }
}

// Calls visit(graph, step, lane) for all graphs, lane by lane of each step. A graph is valid during its
// visit, until another of the stream is asked for.
template <class Visit>
void for_each_graph(const OperatorStream& stream, Visit visit) {
  for_each_step(stream, [&](Phase phase, std::uint64_t step) {
    for (std::uint32_t lane = 0; lane < stream.info().lanes(); ++lane)
      visit(stream.graph(phase, step, lane), step, lane);
  });
}

// Generates the graphs on demand, and keeps the first few: who runs the same stream again finds them.
class ModelStream : public OperatorStream {
 public:
  // `token_budget`: tokens a step of the prefill takes at most.
  ModelStream(LlmSpec llm, const Scenario& scenario, ExecutionSpec execution, std::uint64_t token_budget);
  const StreamInfo& info() const override { return info_; }
  const OperatorGraph& graph(Phase phase, std::uint64_t index, std::uint32_t stage) const override;

 private:
  static constexpr std::size_t kMostKept = 64;
  std::vector<LlmSpec> stages_;
  ExecutionSpec execution_;
  StreamInfo info_;
  bool crossed_ = false;  // attends across to an encoder
  std::vector<StepRun> prefill_;
  std::shared_ptr<TensorNames> names_ = std::make_shared<TensorNames>();
  using Place = std::tuple<Phase, std::uint64_t, std::uint32_t>;
  mutable std::map<Place, OperatorGraph> kept_;
  mutable OperatorGraph latest_;  // where no more are kept

  OperatorGraph build(Phase phase, std::uint64_t index, std::uint32_t stage) const;
};

// Holds graphs read from a file.
class RecordedStream : public OperatorStream {
 public:
  // Stages or ranks of a step one after the other.
  RecordedStream(StreamInfo info, std::vector<OperatorGraph> prefill, std::vector<OperatorGraph> decode);
  const StreamInfo& info() const override { return info_; }
  // Of a file that says more than its operators do: bytes of weights, sequences and their length.
  void set(std::uint64_t weight_bytes, std::uint64_t batch, std::uint64_t input) {
    info_.memory.weights = weight_bytes;
    info_.scenario.batch = batch;
    info_.scenario.input = input;
    info_.prefill = {{batch, 1}};
  }
  const OperatorGraph& graph(Phase phase, std::uint64_t index, std::uint32_t lane) const override {
    return (phase == Phase::prefill ? prefill_ : decode_).at(index * info_.lanes() + lane);
  }

 private:
  StreamInfo info_;
  std::vector<OperatorGraph> prefill_, decode_;
};

}  // namespace orrery
