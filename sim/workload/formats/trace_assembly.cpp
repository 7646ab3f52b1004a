#include "sim/workload/formats/trace_assembly.h"

#include <nlohmann/json.hpp>

#include "sim/workload/graph_check.h"

namespace orrery {
namespace {

constexpr std::size_t kMostFindings = 20;

}  // namespace

void TraceAssembly::Graphs::resize(std::uint64_t steps, const StreamInfo& info) {
  lanes = info.lanes();
  lane = info.ranks > 1 ? "rank" : "stage";
  graphs.resize(steps * lanes);
  where.resize(steps * lanes);
}

void TraceAssembly::Graphs::add(TraceOperator line, const std::string& at) {
  if (line.step >= graphs.size() / lanes) {
    throw LineError{"key 'step' is " + std::to_string(line.step) + "; the header announces " +
                    std::to_string(graphs.size() / lanes) + " graph(s) of this phase"};
  }
  if (line.lane >= lanes) {
    throw LineError{"key '" + std::string(lane) + "' is " + std::to_string(line.lane) +
                    "; the header announces " + std::to_string(lanes) + " " + lane + "(s)"};
  }
  const std::uint64_t graph = line.step * lanes + line.lane;
  graphs[graph].operators.push_back(std::move(line.op));
  where[graph].push_back(at);
}

void TraceAssembly::Graphs::finish(const char* phase, const std::string& name,
                                   const std::shared_ptr<TensorNames>& names) {
  for (std::size_t i = 0; i < graphs.size(); ++i) {
    if (graphs[i].operators.empty()) {
      throw ConfigError(name, std::string("no operator of ") + phase + " step " + std::to_string(i / lanes) +
                                  ", which the header announces");
    }
    graphs[i].names = names;
    check_and_order(graphs[i], where[i]);
  }
}

bool TraceAssembly::refuse(const std::string& at, const std::string& message) {
  errors_.push_back({at, message});
  return has_header_ && errors_.size() < kMostFindings;
}

bool TraceAssembly::add(const nlohmann::json& line, const std::string& at) try {
  if (!has_header_) {
    header_ = read_header(line);
    const StreamInfo& info = header_.info;
    if (info.decode_graphs > kMostTraceGraphs)
      throw LineError{"key 'decode_graphs': more than " + std::to_string(kMostTraceGraphs)};
    prefill_.resize(info.prefill.size(), info);
    decode_.resize(info.decode_graphs, info);
    has_header_ = true;
    return true;
  }
  TraceOperator read = read_operator(line, *names_);
  const auto* collective = std::get_if<CollectiveShape>(&read.op.shape);
  if (collective != nullptr &&
      collective->devices * collective->stride.value_or(1) > header_.info.scenario.split.devices()) {
    throw LineError{"key 'shape.devices' is " + std::to_string(collective->devices) + "; the header says " +
                    std::to_string(header_.info.scenario.split.devices())};
  }
  ++operators_;
  (read.op.phase == Phase::prefill ? prefill_ : decode_).add(std::move(read), at);
  return true;
} catch (const LineError& error) {
  return refuse(at, error.message);
}

RecordedStream TraceAssembly::finish() {
  if (errors_.empty() && !has_header_) errors_.push_back({name_, "the file is empty"});
  if (errors_.empty() && operators_ != header_.operators) {
    errors_.push_back({name_, "holds " + std::to_string(operators_) + " operators; its header announces " +
                                  std::to_string(header_.operators) + " (is it cut short?)"});
  }
  if (errors_.size() >= kMostFindings)
    errors_.push_back({name_, "... and perhaps more: reading stopped here"});
  if (!errors_.empty()) throw ConfigError(errors_);
  prefill_.finish("prefill", name_, names_);
  decode_.finish("decode", name_, names_);
  return RecordedStream(header_.info, std::move(prefill_.graphs), std::move(decode_.graphs));
}

}  // namespace orrery
