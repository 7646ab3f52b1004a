#include "sim/workload/graph_check.h"

#include <algorithm>
#include <unordered_map>

#include "sim/util/checked.h"
#include "sim/util/errors.h"
#include "sim/workload/topological_order.h"

namespace orrery {
namespace {

// What is wrong with an operator's shape or with the tensors it names; "" when nothing is.
class OperatorCheck {
 public:
  OperatorCheck(const Operator& op, const TensorNames* names) : op_(op), names_(names) {}

  std::string fault() try {
    if (op_.outputs.size() > kMostOutputs) return "key 'outputs': at most 2 tensors";
    std::visit([this](const auto& s) { positive(s); }, op_.shape);
    if (fault_.empty()) std::visit(*this, operator_row(op_.kind).family);
    return fault_;
  } catch (const ConfigError& beyond) {  // a product of extents
    return beyond.what();
  }

  void operator()(const MatmulFamily& /*family*/) {
    const auto& s = std::get<MatmulShape>(op_.shape);
    if (!inputs(2, 2)) return;
    tensor("inputs", op_.inputs[0], {s.batch, s.m, s.k});
    tensor("inputs", op_.inputs[1], {s.batch, s.k, s.n});
    tensor("outputs", op_.outputs.front(), {s.batch, s.m, s.n});
    known_engine(s.engine);
  }
  void operator()(const AttentionFamily& family) {
    const auto& s = std::get<AttentionShape>(op_.shape);
    const std::size_t operands = family.values_in_keys ? 2 : family.backward ? 4 : 3;
    if (!inputs(operands, operands)) return;
    if (family.values_in_keys && s.value_length() > s.head_dim)
      fault_ = "key 'shape.value_dim' exceeds 'shape.head_dim': values are parts of the keys";
    known_engine(s.engine);
    if (s.heads % s.kv_heads != 0) fault_ = "key 'shape.kv_heads' does not divide 'shape.heads'";
    for (const AttendedSequences& group : s.groups()) {
      if (s.causal && group.q > group.kv) fault_ = "key 'shape.q' exceeds 'shape.kv' of causal attention";
    }
    if (const auto mask = mask_fault(s); mask && fault_.empty())
      fault_ = "key 'shape." + std::string(mask->extent) + "' " + mask->words;
    const std::uint64_t queries = s.query_positions();
    const std::uint64_t cached = s.cached_positions();
    tensor("inputs", op_.inputs[0], {queries, s.heads, s.head_dim});
    tensor("inputs", op_.inputs[1], {cached, s.kv_heads, s.head_dim});
    if (!family.values_in_keys) tensor("inputs", op_.inputs[2], {cached, s.kv_heads, s.value_length()});
    if (family.backward) {
      tensor("inputs", op_.inputs[3], {queries, s.heads, s.value_length()});
      if (op_.outputs.size() != 2 && fault_.empty())
        fault_ = "key 'outputs': expected 2 tensors, the gradients of queries and of keys and values";
      if (fault_.empty())
        tensor("outputs", op_.outputs[1], {cached, s.kv_heads, s.head_dim + s.value_length()});
    }
    tensor("outputs", op_.outputs.front(),
           {queries, s.heads, family.backward ? s.head_dim : s.value_length()});
  }
  void operator()(const VectorFamily& family) {
    const auto& s = std::get<VectorShape>(op_.shape);
    const std::size_t least = count(family.inputs);
    if (inputs(least, least + family.more_inputs)) tensor("outputs", op_.outputs.back(), {s.rows, s.cols});
  }
  void operator()(const RoutingFamily& family) {
    const auto& s = std::get<RoutingShape>(op_.shape);
    if (s.experts > kMostExperts)
      fault_ = "key 'shape.experts' is " + std::to_string(s.experts) + "; expected 1 to 65536";
    if (!inputs(1, 1)) return;
    tensor("inputs", op_.inputs[0], {s.tokens, s.cols, family.spreads ? 1 : s.experts});
    tensor("outputs", op_.outputs.front(), {s.tokens, s.cols, family.spreads ? s.experts : 1});
  }
  void operator()(const ScanFamily& family) {
    const auto& s = std::get<ScanShape>(op_.shape);
    if (s.states > kMostStates)
      fault_ = "key 'shape.states' is " + std::to_string(s.states) + "; expected 1 to 65536";
    if (op_.outputs.size() != 2 && fault_.empty())
      fault_ = "key 'outputs': expected 2 tensors, the result and the states";
    const std::size_t operands = family.weights ? 3 : 2;
    if (!inputs(operands, operands)) return;
    for (const auto& [key, list] : {std::pair("inputs", &op_.inputs), std::pair("outputs", &op_.outputs)}) {
      tensor(key, (*list)[0], {s.sequences, s.tokens, s.channels});
      tensor(key, (*list)[1], {s.sequences, s.channels, s.states});
    }
    if (family.weights) tensor("inputs", op_.inputs[2], {s.states, s.channels});
  }
  void operator()(const CollectiveFamily& /*family*/) { inputs(1, 1); }

 private:
  static constexpr std::size_t kMostOutputs = 2;
  const Operator& op_;
  const TensorNames* names_;
  std::string fault_;

  template <class Shape>
  void positive(const Shape& shape) {
    for_each_extent(shape, [this](const char* name, const auto& extent) {
      using Extent = std::decay_t<decltype(extent)>;
      if constexpr (std::is_same_v<Extent, std::vector<AttendedSequences>>) {
        for (const auto& [batch, q, kv] : extent) {
          for (const std::uint64_t value : {batch, q, kv}) within(name, value);
        }
      } else if constexpr (std::is_same_v<Extent, std::optional<std::uint64_t>>) {
        if (extent) within(name, *extent);
      } else if constexpr (!std::is_same_v<Extent, bool>) {
        within(name, extent);
      }
    });
  }
  void within(const char* name, std::uint64_t extent) {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 40;
    if (!fault_.empty() || (extent > 0 && extent <= kMost)) return;
    fault_ = "key 'shape." + std::string(name) + "' is " + std::to_string(extent) + "; expected 1 to 2^40";
  }
  bool inputs(std::size_t least, std::size_t most) {
    if (!fault_.empty()) return false;
    if (op_.inputs.size() < least || op_.inputs.size() > most) {
      fault_ = "key 'inputs' names " + std::to_string(op_.inputs.size()) + " tensor(s); " +
               to_string(op_.kind) + " takes " + std::to_string(least) +
               (least == most ? "" : " to " + std::to_string(most));
    }
    return fault_.empty();
  }
  void known_engine(std::optional<std::uint64_t> number) {
    if (fault_.empty() && number && engine_numbered(number) == ServingEngine::any)
      fault_ = "key 'shape.engine' is no engine's number";
  }
  void tensor(const char* key, const Tensor& t, std::initializer_list<std::uint64_t> extents) {
    if (!fault_.empty()) return;
    const std::uint64_t expected = checked_product(extents);
    if (t.elements() == expected) return;
    fault_ = "key '" + std::string(key) + "': tensor '" + names_->text(t.id) + "' has " +
             std::to_string(t.elements()) + " elements; the shape gives " + std::to_string(expected);
  }
};

}  // namespace

void check_and_order(OperatorGraph& graph, const std::vector<std::string>& where) {
  std::vector<Diagnostic> errors;
  std::unordered_map<std::uint32_t, std::size_t> seen;
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    const Operator& op = graph.operators[i];
    if (const auto [it, fresh] = seen.emplace(op.id, i); !fresh) {
      errors.push_back({where[i], "key 'id': operator " + std::to_string(op.id) + " was already given at " +
                                      where[it->second]});
    }
    if (const std::string fault = OperatorCheck(op, graph.names.get()).fault(); !fault.empty())
      errors.push_back({where[i], fault});
  }
  std::vector<std::vector<std::size_t>> needs(graph.operators.size());
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    for (const std::uint32_t dep : graph.operators[i].deps) {
      const auto found = seen.find(dep);
      if (found == seen.end()) {
        errors.push_back({where[i], "key 'deps': no operator has id " + std::to_string(dep)});
      } else {
        needs[i].push_back(found->second);
      }
    }
  }
  if (!errors.empty()) throw ConfigError(errors);
  const TopologicalOrder order = topological_order(needs);
  if (!order.cycle.empty()) {
    const auto id = [&graph](std::size_t i) { return std::to_string(graph.operators[i].id); };
    std::string words;
    for (const std::size_t i : order.cycle) words += id(i) + " needs ";
    throw ConfigError(where[order.cycle.front()],
                      "key 'deps': the operators form a cycle: " + words + id(order.cycle.front()));
  }
  std::vector<Operator> sorted;
  sorted.reserve(graph.operators.size());
  for (const std::size_t i : order.order) sorted.push_back(std::move(graph.operators[i]));
  graph.operators = std::move(sorted);
}

}  // namespace orrery
