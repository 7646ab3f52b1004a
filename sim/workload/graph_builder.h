#pragma once
// Writes the graph of a step, operator by operator: blocks ask it what the step is, take tensors from it and
// append operators to it. It keeps track of who made each tensor, and of the weights that the blocks hold.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/workload/operator.h"
#include "sim/workload/step.h"

namespace orrery {

// layernorm_gain: a layer norm without a bias.
enum class NormKind : std::uint8_t { rmsnorm, layernorm, layernorm_gain };

// What all blocks of a graph share.
struct GraphFacts {
  const Step& step;
  const ExecutionSpec& execution;
  DType dtype = DType::fp16;
  std::uint64_t tensor_parallel = 1;  // devices; the graph is one's
  std::uint64_t hidden = 0;           // length of a token's row between the blocks
  NormKind norm = NormKind::rmsnorm;
};

// Elements of a weight that a model holds, and those that a token goes through.
struct HeldWeight {
  std::uint64_t elements = 0, active_elements = 0;
};

class GraphBuilder {
 public:
  GraphBuilder(const GraphFacts& facts, std::shared_ptr<TensorNames> names);

  const GraphFacts& facts() const { return facts_; }
  std::uint64_t tokens() const { return tokens_; }        // of the step
  std::uint64_t sequences() const { return sequences_; }  // of the step
  void set_layer(std::int32_t layer) { layer_ = layer; }

  // Tensors of the layer. A weight is held as it is read, unless `held` says more.
  Tensor activation(const std::string& name, std::vector<std::uint64_t> shape) const;
  Tensor cache(const std::string& name, std::vector<std::uint64_t> shape) const;
  Tensor weight(const std::string& name, std::vector<std::uint64_t> shape);
  Tensor weight(const std::string& name, std::vector<std::uint64_t> shape, const HeldWeight& held);
  // A row a token.
  Tensor row(const std::string& name) const { return activation(name, {tokens_, facts_.hidden}); }
  // What the layer holds without an operator that reads it by itself: biases ride on their products.
  void hold(const std::string& name, std::uint64_t elements) { hold(name, HeldWeight{elements, elements}); }
  void hold(const std::string& name, const HeldWeight& held);

  // Appends an operator; its dependences are the makers of its inputs. `more`: its outputs are parts of
  // tensors that operators before it made other parts of.
  void append(OperatorKind kind, OperatorShape shape, std::vector<Tensor> inputs, std::vector<Tensor> outputs,
              bool more = false);

  OperatorGraph take() { return std::move(graph_); }
  const std::map<TensorName, HeldWeight>& held() const { return held_; }

 private:
  const GraphFacts facts_;
  std::uint64_t tokens_, sequences_;
  std::int32_t layer_ = -1;
  OperatorGraph graph_;
  std::map<TensorName, std::vector<std::uint32_t>> makers_;
  std::map<TensorName, HeldWeight> held_;

  Tensor tensor(const std::string& name, TensorKind kind, std::vector<std::uint64_t> shape) const;
};

}  // namespace orrery
