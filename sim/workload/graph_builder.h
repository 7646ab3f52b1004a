#pragma once
// Writes the graph of a step, operator by operator: blocks ask it what the step is, take tensors from it and
// append operators to it. It keeps track of who made each tensor, and of the weights that the blocks hold.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/workload/number_formats.h"
#include "sim/workload/operator.h"
#include "sim/workload/parallelism.h"
#include "sim/workload/step.h"

namespace orrery {

// layernorm_gain: a layer norm without a bias.
enum class NormKind : std::uint8_t { rmsnorm, layernorm, layernorm_gain };

// Of training: of attention's weights, of what is added to the rows between the blocks.
struct Dropout {
  bool attention = false, hidden = false;
};

// What all blocks of a graph share.
struct GraphFacts {
  const Step& step;
  const ExecutionSpec& execution;
  const NumberFormats& formats;
  Parallelism split;         // the graph is one device's
  std::uint64_t hidden = 0;  // length of a token's row between the blocks
  NormKind norm = NormKind::rmsnorm;
  Dropout dropout = {};
};

// What a sequence leaves beside keys and values, on one device.
struct KeptState {
  std::uint64_t elements = 0, bytes = 0;
};

// Elements of a weight that a model holds, and those that a token goes through.
struct HeldWeight {
  std::uint64_t elements = 0, active_elements = 0;
  ElementBits bits;  // of each; the builder knows
};

// "" for the first group of a step, "_1" for the next: of tensors that each group has for itself.
std::string group_suffix(std::size_t group);

// Operators that made each tensor, or parts of it.
using TensorMakers = std::map<TensorName, std::vector<std::uint32_t>>;
// Those that an operator with these inputs waits for.
std::vector<std::uint32_t> made_by(const TensorMakers& makers, const std::vector<Tensor>& inputs);

class GraphBuilder {
 public:
  GraphBuilder(const GraphFacts& facts, std::shared_ptr<TensorNames> names);

  const GraphFacts& facts() const { return facts_; }
  // What is written for: the facts' step, or what takes its place for a part of the model.
  const Step& step() const { return step_; }
  void use_step(Step step);
  // What an encoder made of the prompts, for attention across; none while only its cache is read.
  const std::optional<Tensor>& source() const { return source_; }
  void set_source(const Tensor& made) { source_ = made; }
  std::uint64_t tokens() const { return tokens_; }  // of the step, on this device
  // New tokens of a sequence on this device: prompts are cut over those that share a sequence.
  std::uint64_t own_tokens(const SequenceGroup& group) const;
  std::uint64_t sequences() const { return sequences_; }  // of the step
  std::uint64_t scored() const { return scored_; }        // positions that get logits
  bool trains() const { return step_.phase() == Phase::training; }
  bool drops_hidden() const { return trains() && facts_.dropout.hidden; }
  bool drops_attention() const { return trains() && facts_.dropout.attention; }
  // `plain`: groups of it that are not quantised.
  void set_layer(std::int32_t layer, GroupSet plain = 0) {
    layer_ = layer;
    plain_ = plain;
  }

  // Tensors of the layer. A weight is held as it is read, unless `held` says more; one of no group is plain.
  Tensor activation(const std::string& name, std::vector<std::uint64_t> shape) const;
  // A byte an element: what was dropped.
  Tensor mask(const std::string& name, std::vector<std::uint64_t> shape) const;
  Tensor cache(const std::string& name, std::vector<std::uint64_t> shape) const;
  Tensor weight(const std::string& name, std::vector<std::uint64_t> shape,
                std::optional<TensorGroup> group = std::nullopt);
  Tensor weight(const std::string& name, std::vector<std::uint64_t> shape, std::optional<TensorGroup> group,
                const HeldWeight& held);
  // As products with weights of the group read it: in a format of its own where the group's activations are
  // quantised, by an operator unless the machine quantises where it makes them.
  Tensor quantised(const Tensor& x, TensorGroup group);
  // The same as if it had been made so.
  Tensor as_quantised(Tensor x, TensorGroup group) const;
  // Between the blocks each device of a tensor-parallel group has the rows of its own tokens only.
  bool rows_apart() const {
    return facts_.split.tensor > 1 &&
           facts_.execution.tensor_parallel == TensorParallelScheme::sequence_parallel;
  }
  // Rows between the blocks on this device, one a token.
  std::uint64_t rows() const;
  Tensor row(const std::string& name) const { return activation(name, {rows(), facts_.hidden}); }
  std::string name_of(const Tensor& x) const { return graph_.names->text(TensorName{-1, x.id.slot}); }
  // What the layer holds without an operator that reads it by itself: biases ride on their products.
  void hold(const std::string& name, std::uint64_t elements) {
    hold(name, HeldWeight{elements, elements, {}});
  }
  void hold(const std::string& name, const HeldWeight& held);
  // A weight of a group of which operators read a part.
  void hold(const std::string& name, std::uint64_t elements, TensorGroup group);
  std::uint64_t weight_bytes(std::uint64_t elements, TensorGroup group) const {
    return weight_format(group).bytes(elements);
  }
  // Of the product with `name`_weight.
  void hold_bias(const std::string& name, std::uint64_t elements);

  // Reads of storage that a block waits for.
  void read_stored(const StoredPieces& pieces) { graph_.stored.push_back(pieces); }

  // Appends an operator; its dependences are the makers of its inputs, its arithmetic is what multiplies
  // their formats. `more`: its outputs are parts of
  // tensors that operators before it made other parts of.
  void append(OperatorKind kind, OperatorShape shape, std::vector<Tensor> inputs, std::vector<Tensor> outputs,
              bool more = false);

  OperatorGraph take() { return std::move(graph_); }
  const std::map<TensorName, HeldWeight>& held() const { return held_; }

 private:
  const GraphFacts facts_;
  Step step_;
  std::uint64_t tokens_ = 0, sequences_ = 0, scored_ = 0;
  std::optional<Tensor> source_;
  std::int32_t layer_ = -1;
  GroupSet plain_ = 0;
  OperatorGraph graph_;
  TensorMakers makers_;
  std::map<TensorName, HeldWeight> held_;
  std::map<TensorName, Tensor> quantised_;

  const std::optional<ProductFormat>& product(TensorGroup group) const;
  StoredFormat weight_format(TensorGroup group) const;
  Tensor tensor(const std::string& name, TensorKind kind, std::vector<std::uint64_t> shape,
                const StoredFormat& format) const;
};

}  // namespace orrery
