#include "sim/workload/formats/graph_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "sim/util/errors.h"
#include "sim/util/text_file.h"
#include "sim/workload/graph_check.h"
#include "sim/workload/operator_counts.h"
#include "sim/workload/topological_order.h"

namespace orrery {

void name_tensors(Operator& op, const std::string& prefix, TensorNames& names) {
  std::size_t n = 0;
  for (std::vector<Tensor>* list : {&op.inputs, &op.outputs}) {
    for (Tensor& t : *list) t.id = {-1, names.slot(prefix + "." + std::to_string(n++))};
  }
}

std::string GraphImport::where(const Node& node) const {
  return fmt::format("{}, node {} '{}'", file_, node.number, printable(node.what));
}

void GraphImport::add_node(Node node) {
  const auto [at, fresh] = places_.emplace(node.number, nodes_.size());
  if (!fresh) throw ConfigError(where(node), "another node has this number: " + nodes_[at->second].what);
  nodes_.push_back(std::move(node));
}

void GraphImport::add(std::uint64_t node, const std::string& what, const std::vector<std::uint64_t>& needs,
                      Operator op) {
  add_node({node, what, needs, operators_.size()});
  op.id = static_cast<std::uint32_t>(operators_.size());
  operators_.push_back(std::move(op));
}

void GraphImport::skip(std::uint64_t node, const std::string& what, const std::vector<std::uint64_t>& needs) {
  add_node({node, what, needs, SIZE_MAX});
}

OperatorGraph GraphImport::finish() {
  std::vector<std::vector<std::size_t>> needs(nodes_.size());
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    for (const std::uint64_t number : nodes_[i].needs) {
      const auto found = places_.find(number);
      if (found == places_.end())
        throw ConfigError(where(nodes_[i]),
                          fmt::format("it waits for node {}, which the file lacks", number));
      needs[i].push_back(found->second);
    }
  }
  const TopologicalOrder order = topological_order(needs);
  if (!order.cycle.empty()) {
    std::string words;
    for (const std::size_t i : order.cycle) words += std::to_string(nodes_[i].number) + " needs ";
    throw ConfigError(
        where(nodes_[order.cycle.front()]),
        "nodes wait for each other: " + words + std::to_string(nodes_[order.cycle.front()].number));
  }
  // What a node waits for: operators, those behind nodes that do nothing too.
  std::vector<std::vector<std::uint32_t>> awaited(nodes_.size());
  OperatorGraph graph;
  graph.names = names_;
  std::vector<std::string> places;
  for (const std::size_t i : order.order) {
    std::vector<std::uint32_t>& deps = awaited[i];
    for (const std::size_t need : needs[i]) {
      if (nodes_[need].op != SIZE_MAX) {
        deps.push_back(operators_[nodes_[need].op].id);
      } else {
        deps.insert(deps.end(), awaited[need].begin(), awaited[need].end());
      }
    }
    std::sort(deps.begin(), deps.end());
    deps.erase(std::unique(deps.begin(), deps.end()), deps.end());
    if (nodes_[i].op == SIZE_MAX) continue;
    Operator& op = operators_[nodes_[i].op];
    op.deps = deps;
    places.push_back(where(nodes_[i]));
    graph.operators.push_back(std::move(op));
  }
  check_and_order(graph, places);
  return graph;
}

std::optional<DeviceGroup> evenly_apart(const std::vector<std::uint32_t>& ranks) {
  if (ranks.size() < 2) return DeviceGroup{1};
  for (std::size_t i = 1; i < ranks.size(); ++i) {
    if (ranks[i] <= ranks[i - 1] || ranks[i] - ranks[i - 1] != ranks[1] - ranks[0]) return std::nullopt;
  }
  return DeviceGroup{static_cast<std::uint32_t>(ranks.size()), ranks[1] - ranks[0]};
}

DType arithmetic_of(const OperatorGraph& graph, DType otherwise) {
  const auto product = std::find_if(graph.operators.begin(), graph.operators.end(),
                                    [](const Operator& op) { return op.kind == OperatorKind::matmul; });
  return product == graph.operators.end() ? otherwise : product->dtype;
}

ImportedTrace imported(const std::string& file, std::vector<OperatorGraph> graphs, std::uint32_t devices,
                       DType dtype, Coverage coverage, const std::string& name) {
  std::uint64_t operators = 0;
  for (const OperatorGraph& graph : graphs) operators += graph.operators.size();
  if (operators == 0) throw ConfigError(file, "holds no operator that Orrery can run\n" + describe(coverage));
  StreamInfo info;
  info.model = name.empty() ? std::filesystem::path(file).stem().string() : name;
  info.scenario.input = info.scenario.output = info.scenario.batch = 1;
  info.scenario.formats = formats_of(dtype);
  info.scenario.split.tensor = devices;
  info.ranks = static_cast<std::uint32_t>(graphs.size());
  info.prefill = {{1, 1}};
  for (const OperatorGraph& graph : graphs) {
    MemoryNeed need;
    std::set<TensorName> weights;
    for (const Operator& op : graph.operators) {
      for (const Tensor& t : op.inputs) {
        if (t.kind == TensorKind::weight && weights.insert(t.id).second) need.weights += t.bytes();
      }
      const OperatorBytes bytes = operator_bytes(op);
      need.activations = std::max(need.activations, bytes.written);
    }
    if (need.total() > info.memory.total()) info.memory = need;
  }
  return {RecordedStream(info, std::move(graphs), {}), std::move(coverage)};
}

}  // namespace orrery
