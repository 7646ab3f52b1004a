#include "sim/workload/graph_builder.h"

#include <algorithm>

namespace orrery {

GraphBuilder::GraphBuilder(const GraphFacts& facts, std::shared_ptr<TensorNames> names)
    : facts_(facts), tokens_(facts.step.tokens()), sequences_(facts.step.sequences()) {
  graph_.names = std::move(names);
}

Tensor GraphBuilder::tensor(const std::string& name, TensorKind kind,
                            std::vector<std::uint64_t> shape) const {
  const DType dtype =
      kind == TensorKind::weight ? weight_dtype(facts_.dtype) : activation_dtype(facts_.dtype);
  return {{layer_, graph_.names->slot(name)}, kind, std::move(shape), dtype};
}

Tensor GraphBuilder::activation(const std::string& name, std::vector<std::uint64_t> shape) const {
  return tensor(name, TensorKind::activation, std::move(shape));
}
Tensor GraphBuilder::cache(const std::string& name, std::vector<std::uint64_t> shape) const {
  return tensor(name, TensorKind::kv, std::move(shape));
}

Tensor GraphBuilder::weight(const std::string& name, std::vector<std::uint64_t> shape) {
  Tensor t = tensor(name, TensorKind::weight, std::move(shape));
  held_.emplace(t.id, HeldWeight{t.elements(), t.elements()});
  return t;
}
Tensor GraphBuilder::weight(const std::string& name, std::vector<std::uint64_t> shape,
                            const HeldWeight& held) {
  Tensor t = tensor(name, TensorKind::weight, std::move(shape));
  held_.emplace(t.id, held);
  return t;
}

void GraphBuilder::hold(const std::string& name, const HeldWeight& held) {
  held_.emplace(TensorName{layer_, graph_.names->slot(name)}, held);
}

void GraphBuilder::append(OperatorKind kind, OperatorShape shape, std::vector<Tensor> inputs,
                          std::vector<Tensor> outputs, bool more) {
  Operator op;
  op.id = static_cast<std::uint32_t>(graph_.operators.size());
  op.kind = kind;
  op.layer = layer_;
  op.phase = facts_.step.phase();
  op.shape = shape;
  op.dtype = facts_.dtype;
  op.inputs = std::move(inputs);
  op.outputs = std::move(outputs);
  for (const Tensor& t : op.inputs) {
    if (const auto it = makers_.find(t.id); it != makers_.end())
      op.deps.insert(op.deps.end(), it->second.begin(), it->second.end());
  }
  std::sort(op.deps.begin(), op.deps.end());
  op.deps.erase(std::unique(op.deps.begin(), op.deps.end()), op.deps.end());
  for (const Tensor& t : op.outputs) {
    std::vector<std::uint32_t>& makers = makers_[t.id];
    if (!more) makers.clear();
    makers.push_back(op.id);
  }
  graph_.operators.push_back(std::move(op));
}

}  // namespace orrery
