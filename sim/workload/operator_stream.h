#pragma once
// An inference as a stream of operator graphs: the prefill's steps, then one a generated token. A stream
// comes from a model and a scenario, or from a trace file; whoever runs it cannot tell which.

#include <map>
#include <memory>
#include <optional>
#include <string>
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
  std::vector<GraphUse> prefill;                               // of each of its graphs
  bool token_by_token = false;  // the prefill is a graph a prompt token, each a little longer than the last
  std::uint64_t decode_graphs = 0;  // output - 1
};

// What a scenario of a model says before its graphs: no prefill, no decode steps yet.
StreamInfo stream_info(const LlmSpec& llm, const Scenario& scenario, std::uint64_t token_budget);

class OperatorStream {
 public:
  virtual ~OperatorStream() = default;
  virtual const StreamInfo& info() const = 0;
  // Graph `index` of the phase; any order, any number of times. Valid until the next call.
  virtual const OperatorGraph& prefill(std::uint64_t index) const = 0;
  virtual const OperatorGraph& decode(std::uint64_t index) const = 0;
};

// Generates the graphs on demand, and keeps the first few: who runs the same stream again finds them.
class ModelStream : public OperatorStream {
 public:
  // `token_budget`: tokens a step of the prefill takes at most.
  ModelStream(LlmSpec llm, const Scenario& scenario, ExecutionSpec execution, std::uint64_t token_budget);
  const StreamInfo& info() const override { return info_; }
  const OperatorGraph& prefill(std::uint64_t index) const override;
  const OperatorGraph& decode(std::uint64_t index) const override;

 private:
  static constexpr std::size_t kMostKept = 64;
  LlmSpec llm_;
  ExecutionSpec execution_;
  StreamInfo info_;
  std::vector<StepRun> prefill_;
  std::shared_ptr<TensorNames> names_ = std::make_shared<TensorNames>();
  mutable std::map<std::uint64_t, OperatorGraph> kept_[2];  // by phase
  mutable OperatorGraph latest_;                            // where no more are kept

  OperatorGraph build(Phase phase, std::uint64_t index) const;
  const OperatorGraph& graph(Phase phase, std::uint64_t index) const;
};

// Holds graphs read from a file.
class RecordedStream : public OperatorStream {
 public:
  RecordedStream(StreamInfo info, std::vector<OperatorGraph> prefill, std::vector<OperatorGraph> decode);
  const StreamInfo& info() const override { return info_; }
  const OperatorGraph& prefill(std::uint64_t index) const override { return prefill_.at(index); }
  const OperatorGraph& decode(std::uint64_t index) const override { return decode_.at(index); }

 private:
  StreamInfo info_;
  std::vector<OperatorGraph> prefill_, decode_;
};

}  // namespace orrery
