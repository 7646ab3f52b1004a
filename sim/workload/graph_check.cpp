#include "sim/workload/graph_check.h"

#include <algorithm>
#include <map>

#include "sim/util/errors.h"

namespace orrery {
namespace {

// Elements of the operator's first output by its shape; 0 when the shape does not say.
std::uint64_t output_elements(const Operator& op) {
  if (const auto* s = std::get_if<MatmulShape>(&op.shape)) return s->batch * s->m * s->n;
  if (const auto* s = std::get_if<AttentionShape>(&op.shape)) return s->batch * s->q * s->heads * s->head_dim;
  if (const auto* s = std::get_if<VectorShape>(&op.shape)) return s->rows * s->cols;
  return 0;
}

// Depth-first order that keeps the written order where dependences allow it.
class Sorter {
 public:
  Sorter(const OperatorGraph& graph, const std::vector<std::string>& where) : graph_(graph), where_(where) {
    for (std::size_t i = 0; i < graph.operators.size(); ++i) index_[graph.operators[i].id] = i;
  }

  std::vector<std::size_t> order() {
    state_.assign(graph_.operators.size(), State::unseen);
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) visit(i);
    return order_;
  }

 private:
  enum class State : std::uint8_t { unseen, open, done };
  const OperatorGraph& graph_;
  const std::vector<std::string>& where_;
  std::map<std::uint32_t, std::size_t> index_;
  std::vector<State> state_;
  std::vector<std::size_t> order_;
  std::vector<std::size_t> path_;

  // Iterative: a trace may be longer than the stack is deep.
  void visit(std::size_t root) {
    if (state_[root] != State::unseen) return;
    std::vector<std::pair<std::size_t, std::size_t>> stack = {{root, 0}};  // (operator, next dependence)
    state_[root] = State::open;
    path_ = {root};
    while (!stack.empty()) {
      auto& [at, next] = stack.back();
      const auto& deps = graph_.operators[at].deps;
      if (next == deps.size()) {
        state_[at] = State::done;
        order_.push_back(at);
        stack.pop_back();
        path_.pop_back();
        continue;
      }
      const std::size_t to = index_.at(deps[next++]);
      if (state_[to] == State::open) throw_cycle(to);
      if (state_[to] == State::unseen) {
        state_[to] = State::open;
        stack.emplace_back(to, 0);
        path_.push_back(to);
      }
    }
  }

  [[noreturn]] void throw_cycle(std::size_t to) const {
    std::string names;
    const auto first = std::find(path_.begin(), path_.end(), to);
    for (auto it = first; it != path_.end(); ++it)
      names += std::to_string(graph_.operators[*it].id) + " needs ";
    names += std::to_string(graph_.operators[to].id);
    throw ConfigError(where_[to], "key 'deps': the operators form a cycle: " + names);
  }
};

}  // namespace

void check_and_order(OperatorGraph& graph, const std::vector<std::string>& where) {
  std::vector<Diagnostic> errors;
  std::map<std::uint32_t, std::size_t> seen;
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    const Operator& op = graph.operators[i];
    if (const auto [it, fresh] = seen.emplace(op.id, i); !fresh) {
      errors.push_back({where[i], "key 'id': operator " + std::to_string(op.id) + " was already given at " +
                                      where[it->second]});
    }
    const std::uint64_t expected = output_elements(op);
    if (expected > 0 && !op.outputs.empty() && op.outputs.front().elements() != expected) {
      errors.push_back({where[i], "key 'outputs': tensor '" + op.outputs.front().id + "' has " +
                                      std::to_string(op.outputs.front().elements()) +
                                      " elements; the shape gives " + std::to_string(expected)});
    }
  }
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    for (const std::uint32_t dep : graph.operators[i].deps) {
      if (seen.find(dep) == seen.end()) {
        errors.push_back({where[i], "key 'deps': no operator has id " + std::to_string(dep)});
      }
    }
  }
  if (!errors.empty()) throw ConfigError(errors);
  OperatorGraph sorted;
  for (const std::size_t i : Sorter(graph, where).order()) sorted.operators.push_back(graph.operators[i]);
  graph = std::move(sorted);
}

}  // namespace orrery
