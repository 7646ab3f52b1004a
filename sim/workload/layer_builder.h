#pragma once
// Appends operators to a graph, keeping track of who made each tensor. One builder a graph.

#include <map>
#include <string>
#include <vector>

#include "sim/workload/operator.h"

namespace orrery {

class LayerBuilder {
 public:
  LayerBuilder(Phase phase, DType dtype) : phase_(phase), dtype_(dtype) {}

  void set_layer(std::int32_t layer) { layer_ = layer; }

  Tensor activation(const std::string& name, std::vector<std::uint64_t> shape) const;
  Tensor weight(const std::string& name, std::vector<std::uint64_t> shape) const;
  Tensor cache(const std::string& name, std::vector<std::uint64_t> shape) const;

  // Appends an operator; its dependences are the makers of its inputs. `more`: its outputs are parts of
  // tensors that operators before it made other parts of.
  void append(OperatorKind kind, OperatorShape shape, std::vector<Tensor> inputs, std::vector<Tensor> outputs,
              bool more = false);

  OperatorGraph take() { return std::move(graph_); }

 private:
  Phase phase_;
  DType dtype_;
  std::int32_t layer_ = -1;
  OperatorGraph graph_;
  std::map<std::string, std::vector<std::uint32_t>> makers_;

  Tensor tensor(const std::string& name, TensorKind kind, std::vector<std::uint64_t> shape) const;
};

}  // namespace orrery
