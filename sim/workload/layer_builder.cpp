#include "sim/workload/layer_builder.h"

#include <algorithm>

namespace orrery {

Tensor LayerBuilder::tensor(const std::string& name, TensorKind kind,
                            std::vector<std::uint64_t> shape) const {
  Tensor t;
  t.id = layer_ < 0 ? name : "l" + std::to_string(layer_) + "." + name;
  t.kind = kind;
  t.shape = std::move(shape);
  t.dtype = kind == TensorKind::weight ? weight_dtype(dtype_) : activation_dtype(dtype_);
  return t;
}

Tensor LayerBuilder::activation(const std::string& name, std::vector<std::uint64_t> shape) const {
  return tensor(name, TensorKind::activation, std::move(shape));
}
Tensor LayerBuilder::weight(const std::string& name, std::vector<std::uint64_t> shape) const {
  return tensor(name, TensorKind::weight, std::move(shape));
}
Tensor LayerBuilder::cache(const std::string& name, std::vector<std::uint64_t> shape) const {
  return tensor(name, TensorKind::kv, std::move(shape));
}

void LayerBuilder::append(OperatorKind kind, OperatorShape shape, std::vector<Tensor> inputs,
                          std::vector<Tensor> outputs, bool more) {
  Operator op;
  op.id = static_cast<std::uint32_t>(graph_.operators.size());
  op.kind = kind;
  op.layer = layer_;
  op.phase = phase_;
  op.shape = shape;
  op.dtype = dtype_;
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
