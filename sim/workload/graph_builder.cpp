#include "sim/workload/graph_builder.h"

#include <algorithm>

#include "sim/util/checked.h"
#include "sim/util/units.h"

namespace orrery {

std::string group_suffix(std::size_t group) {
  return group == 0 ? "" : "_" + std::to_string(group);
}

std::vector<std::uint32_t> made_by(const TensorMakers& makers, const std::vector<Tensor>& inputs) {
  std::vector<std::uint32_t> deps;
  for (const Tensor& t : inputs) {
    if (const auto it = makers.find(t.id); it != makers.end())
      deps.insert(deps.end(), it->second.begin(), it->second.end());
  }
  std::sort(deps.begin(), deps.end());
  deps.erase(std::unique(deps.begin(), deps.end()), deps.end());
  return deps;
}

GraphBuilder::GraphBuilder(const GraphFacts& facts, std::shared_ptr<TensorNames> names) : facts_(facts) {
  graph_.names = std::move(names);
  use_step(facts.step);
}

void GraphBuilder::use_step(Step step) {
  step_ = std::move(step);
  tokens_ = 0;
  for (const SequenceGroup& g : step_.groups) tokens_ += g.sequences * own_tokens(g);
  sequences_ = step_.sequences();
  scored_ = trains() ? tokens_ : step_.scored();
}

std::uint64_t GraphBuilder::own_tokens(const SequenceGroup& group) const {
  return group.phase != Phase::decode ? ceil_div<std::uint64_t>(group.new_tokens, facts_.split.context)
                                      : group.new_tokens;
}

std::uint64_t GraphBuilder::rows() const {
  return rows_apart() ? ceil_div<std::uint64_t>(tokens_, facts_.split.tensor) : tokens_;
}

const std::optional<ProductFormat>& GraphBuilder::product(TensorGroup group) const {
  static const std::optional<ProductFormat> none;
  return (plain_ & only(group)) != 0 ? none : facts_.formats.products[static_cast<std::size_t>(group)];
}

Tensor GraphBuilder::tensor(const std::string& name, TensorKind kind, std::vector<std::uint64_t> shape,
                            const StoredFormat& format) const {
  return {{layer_, graph_.names->slot(name)}, kind, std::move(shape), format};
}

Tensor GraphBuilder::activation(const std::string& name, std::vector<std::uint64_t> shape) const {
  return tensor(name, TensorKind::activation, std::move(shape), facts_.formats.plain);
}
Tensor GraphBuilder::mask(const std::string& name, std::vector<std::uint64_t> shape) const {
  return tensor(name, TensorKind::activation, std::move(shape), stored_as(DType::int8));
}
Tensor GraphBuilder::cache(const std::string& name, std::vector<std::uint64_t> shape) const {
  return tensor(name, TensorKind::kv, std::move(shape), facts_.formats.kv);
}

StoredFormat GraphBuilder::weight_format(TensorGroup group) const {
  return product(group) ? product(group)->weights : facts_.formats.plain;
}

Tensor GraphBuilder::weight(const std::string& name, std::vector<std::uint64_t> shape,
                            std::optional<TensorGroup> group, const HeldWeight& held) {
  const StoredFormat format = group ? weight_format(*group) : facts_.formats.plain;
  if (shape.size() >= 2) {
    const std::string misfit = misfit_of(format.sparsity, shape[shape.size() - 2], shape.back());
    if (!misfit.empty()) throw ConfigError("", name + ": " + misfit);
  }
  Tensor t = tensor(name, TensorKind::weight, std::move(shape), format);
  held_.emplace(t.id, HeldWeight{held.elements, held.active_elements, format.bits});
  return t;
}
Tensor GraphBuilder::weight(const std::string& name, std::vector<std::uint64_t> shape,
                            std::optional<TensorGroup> group) {
  std::uint64_t elements = 1;
  for (const std::uint64_t extent : shape) elements = checked_product({elements, extent});
  return weight(name, std::move(shape), group, {elements, elements, {}});
}

void GraphBuilder::hold(const std::string& name, const HeldWeight& held) {
  held_.emplace(TensorName{layer_, graph_.names->slot(name)},
                HeldWeight{held.elements, held.active_elements, facts_.formats.plain.bits});
}

void GraphBuilder::hold(const std::string& name, std::uint64_t elements, TensorGroup group) {
  held_.emplace(TensorName{layer_, graph_.names->slot(name)},
                HeldWeight{elements, elements, weight_format(group).bits});
}

void GraphBuilder::hold_bias(const std::string& name, std::uint64_t elements) {
  hold(name + "_bias", elements);
  if (trains()) graph_.biased.push_back({layer_, graph_.names->slot(name + "_weight")});
}

Tensor GraphBuilder::as_quantised(Tensor x, TensorGroup group) const {
  const auto& format = product(group);
  if (format && format->activations) x.format = *format->activations;
  return x;
}

Tensor GraphBuilder::quantised(const Tensor& x, TensorGroup group) {
  Tensor narrow = as_quantised(x, group);
  if (narrow.format == x.format) return x;
  if (facts_.execution.fuses(FusedOperator::quantize)) {
    if (const auto it = makers_.find(x.id); it != makers_.end()) {
      for (const std::uint32_t maker : it->second) {
        for (Tensor& made : graph_.operators[maker].outputs) {
          if (made.id == x.id) made.format = narrow.format;
        }
      }
    }
    return narrow;
  }
  if (const auto known = quantised_.find(x.id); known != quantised_.end())
    return view(known->second, x.shape);
  narrow.id = {layer_, graph_.names->slot(name_of(x) + "_quantised")};
  const std::uint64_t cols = x.shape.back();
  append(OperatorKind::quantize, VectorShape{x.elements() / cols, cols}, {x}, {narrow});
  quantised_.emplace(x.id, narrow);
  return narrow;
}

void GraphBuilder::append(OperatorKind kind, OperatorShape shape, std::vector<Tensor> inputs,
                          std::vector<Tensor> outputs, bool more) {
  Operator op;
  op.id = static_cast<std::uint32_t>(graph_.operators.size());
  op.kind = kind;
  op.layer = layer_;
  op.phase = facts_.step.phase();
  op.shape = shape;
  if (auto* rows = std::get_if<VectorShape>(&op.shape); rows != nullptr && facts_.execution.scalar_rows)
    rows->scalar = 1;
  if (auto* attends = std::get_if<AttentionShape>(&op.shape);
      attends != nullptr && (kind == OperatorKind::attention || kind == OperatorKind::mla))
    attends->engine = engine_number(facts_.execution.engine);
  op.inputs = std::move(inputs);
  op.outputs = std::move(outputs);
  op.dtype = facts_.formats.plain.dtype;
  if (kind == OperatorKind::matmul) {
    op.dtype = arithmetic_of(op.inputs[0].format.dtype, op.inputs[1].format.dtype);
    // Others are the library's, whoever serves.
    if (op.dtype == DType::fp8)
      std::get<MatmulShape>(op.shape).engine = engine_number(facts_.execution.engine);
  }
  if (kind == OperatorKind::quantize) op.dtype = op.outputs[0].format.dtype;
  op.deps = made_by(makers_, op.inputs);
  for (const Tensor& t : op.outputs) {
    std::vector<std::uint32_t>& makers = makers_[t.id];
    if (!more) makers.clear();
    makers.push_back(op.id);
  }
  graph_.operators.push_back(std::move(op));
}

}  // namespace orrery
