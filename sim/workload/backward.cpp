#include "sim/workload/backward.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "sim/util/errors.h"
#include "sim/util/units.h"
#include "sim/workload/graph_builder.h"

namespace orrery {
namespace {

class BackwardWriter {
 public:
  BackwardWriter(const OperatorGraph& forward, const BackwardSpec& spec) : forward_(forward), spec_(spec) {
    graph_.names = forward.names;
    for (const Operator& op : forward.operators) {
      for (const Tensor& t : op.inputs) ++readers_[t.id];
    }
    biased_.insert(forward.biased.begin(), forward.biased.end());
  }

  OperatorGraph write() {
    for (auto op = forward_.operators.rbegin(); op != forward_.operators.rend(); ++op) {
      at_ = &*op;
      std::visit(*this, operator_row(op->kind).family);
    }
    return std::move(graph_);
  }

  // Of the factors: the result's gradient times the other factor.
  void operator()(const MatmulFamily& /*family*/) {
    const auto& s = std::get<MatmulShape>(at_->shape);
    const Tensor& a = at_->inputs[0];
    const Tensor& b = at_->inputs[1];
    const Tensor out = gradient(at_->outputs[0]);
    const std::size_t before = graph_.operators.size();
    append(OperatorKind::matmul, MatmulShape{s.batch, s.m, s.k, s.n},
           {view(out, {s.batch, s.m, s.n}), view(b, {s.batch, s.n, s.k})}, {gradient(a)});
    append(OperatorKind::matmul, MatmulShape{s.batch, s.k, s.n, s.m},
           {view(a, {s.batch, s.k, s.m}), view(out, {s.batch, s.m, s.n})}, {gradient(b)});
    if (spec_.sums_apart && b.kind == TensorKind::weight) {
      const Tensor sum = view(gradient(b), {s.batch * s.k, s.n});
      append(OperatorKind::add, VectorShape{s.batch * s.k, s.n}, {sum, view(gradient(b, "_sum"), sum.shape)},
             {view(gradient(b, "_sum"), sum.shape)});
    }
    if (biased_.count(b.id) > 0 && !(spec_.rows_together && made_by_rows(out, before))) {
      constexpr std::uint64_t kRows = 128;  // that a block adds up, before the blocks' sums are
      const VectorShape sums{ceil_div(s.m, kRows), s.n};
      append(OperatorKind::column_sum, sums, {out}, {view(gradient(b, "_bias"), {sums.rows, sums.cols})});
    }
    join(a);
  }

  void operator()(const AttentionFamily& family) {
    if (family.values_in_keys) refuse();
    const auto& s = std::get<AttentionShape>(at_->shape);
    const std::vector<std::uint64_t> sums = {s.cached_positions(),
                                             s.kv_heads * (s.head_dim + s.value_length())};
    Tensor keys = view(gradient(at_->inputs[1]), sums);
    keys.kind = TensorKind::activation;
    std::vector<Tensor> inputs = at_->inputs;
    inputs.push_back(gradient(at_->outputs[0]));
    append(OperatorKind::attention_backward, s, std::move(inputs), {gradient(at_->inputs[0]), keys});
  }

  void operator()(const VectorFamily& /*family*/) {
    const auto& s = std::get<VectorShape>(at_->shape);
    const Tensor& x = at_->inputs[0];
    const Tensor out = gradient(at_->outputs.back());
    const OperatorKind kind = at_->kind;
    if (kind == OperatorKind::rmsnorm || kind == OperatorKind::layernorm || kind == OperatorKind::l2norm) {
      std::vector<Tensor> inputs = {x, out, at_->inputs.size() > 1 ? at_->inputs[1] : ones(s.cols)};
      if (spec_.rows_together && readers_[x.id] > 1) inputs.push_back(gradient(x));
      append(OperatorKind::norm_backward, s, std::move(inputs), {gradient(x)});
      if (!spec_.rows_together) join(x);
    } else if (kind == OperatorKind::add_rmsnorm) {
      // Of the sum, which is both terms'; what reads the sum beside the norm has left its own.
      const Tensor sum = gradient(at_->outputs[0]);
      append(OperatorKind::norm_backward, s, {at_->outputs[0], out, at_->inputs[2]}, {sum});
      append(OperatorKind::add, s, {sum, out}, {gradient(x)});
    } else if (kind == OperatorKind::softmax) {
      append(OperatorKind::softmax_backward, s, {at_->outputs[0], out}, {gradient(x)});
    } else if (kind == OperatorKind::gelu) {
      append(OperatorKind::gelu_backward, s, {x, out}, {gradient(x)});
    } else if (kind == OperatorKind::silu_mul || kind == OperatorKind::gelu_mul) {
      const Tensor half = view(gradient(x), {s.rows, s.cols});
      append(
          kind == OperatorKind::silu_mul ? OperatorKind::silu_mul_backward : OperatorKind::gelu_mul_backward,
          s, {x, out}, {half, half});
    } else if (kind == OperatorKind::dropout) {
      append(OperatorKind::dropout_backward, s, {out, at_->outputs[0]}, {gradient(x)});
    } else if (kind == OperatorKind::dropout_add) {
      // The other term's is the sum's.
      append(OperatorKind::dropout_backward, s, {out, at_->outputs[0]}, {gradient(at_->inputs[1])});
      same_[x.id] = out.id;
    } else if (kind == OperatorKind::rope || kind == OperatorKind::transpose) {
      append(kind, s, {out}, {gradient(x)});
    } else if (kind == OperatorKind::topk) {  // of a mixture's scores: those that were chosen
      append(OperatorKind::softmax_backward, s, {x, out}, {gradient(x)});
    } else if (kind == OperatorKind::expert_sort) {
      return;  // of places
    } else if (kind == OperatorKind::embedding) {
      // Rows of the table's gradient, added to.
      append(OperatorKind::add, s, {out, out}, {gradient(at_->outputs[0], "_rows")});
    } else if (kind == OperatorKind::add) {  // both terms' is the sum's
      for (const Tensor& term : at_->inputs) same_[term.id] = out.id;
    } else {
      refuse();
    }
  }

  // Copies back to their tokens' rows, and the other way round.
  void operator()(const RoutingFamily& family) {
    append(family.spreads ? OperatorKind::expert_sum : OperatorKind::expert_gather, at_->shape,
           {gradient(at_->outputs[0])}, {gradient(at_->inputs[0])});
  }

  void operator()(const ScanFamily& /*family*/) { refuse(); }

  void operator()(const CollectiveFamily& family) {
    OperatorKind kind = at_->kind;
    if (family.operation == CollectiveOperation::all_gather) kind = OperatorKind::reduce_scatter;
    if (family.operation == CollectiveOperation::reduce_scatter) kind = OperatorKind::all_gather;
    append(kind, at_->shape, {gradient(at_->outputs[0])}, {gradient(at_->inputs[0])});
  }

 private:
  const OperatorGraph& forward_;
  const BackwardSpec spec_;
  const Operator* at_ = nullptr;
  OperatorGraph graph_;
  std::map<TensorName, std::uint32_t> readers_;
  std::set<TensorName> biased_;
  std::map<TensorName, TensorName> same_;  // tensors whose gradient is, or is summed up in, another's
  TensorMakers makers_;

  [[noreturn]] void refuse() const {
    throw ConfigError("", std::string("training through ") + to_string(at_->kind) + " is not modelled");
  }

  Tensor gradient(const Tensor& of, const std::string& suffix = "") const {
    Tensor t = of;
    t.id.slot = forward_.names->slot(forward_.names->text(TensorName{-1, of.id.slot}) + suffix + "_gradient");
    if (const auto same = same_.find(of.id); same != same_.end() && suffix.empty()) t.id = same->second;
    if (of.kind == TensorKind::weight) t.format = spec_.gradients;
    t.kind = TensorKind::activation;
    return t;
  }

  Tensor ones(std::uint64_t cols) const {
    Tensor t = at_->inputs[0];
    t.kind = TensorKind::weight;
    t.shape = {1, cols};
    t.id.slot = forward_.names->slot("ones");
    return t;
  }

  // Whether the last of the first `count` operators made `x`, row by row.
  bool made_by_rows(const Tensor& x, std::size_t count) const {
    if (count == 0) return false;
    const Operator& last = graph_.operators[count - 1];
    return std::holds_alternative<VectorShape>(last.shape) && last.outputs[0].id == x.id;
  }

  // Where several operators read a row between the blocks, their gradients of it are added: one that is the
  // sum's comes without an operator.
  void join(const Tensor& x) {
    const auto& s = at_->shape;
    const auto* rows = std::get_if<VectorShape>(&s);
    if (rows == nullptr || readers_[x.id] < 2) return;
    append(OperatorKind::add, *rows, {gradient(x), gradient(x)}, {gradient(x)});
  }

  void append(OperatorKind kind, OperatorShape shape, std::vector<Tensor> inputs,
              std::vector<Tensor> outputs) {
    Operator op;
    op.id = static_cast<std::uint32_t>(graph_.operators.size());
    op.kind = kind;
    op.layer = at_->layer;
    op.phase = at_->phase;
    op.dtype = at_->dtype;
    op.shape = std::move(shape);
    op.inputs = std::move(inputs);
    op.outputs = std::move(outputs);
    op.deps = made_by(makers_, op.inputs);
    for (const Tensor& t : op.outputs) makers_[t.id].push_back(op.id);
    graph_.operators.push_back(std::move(op));
  }
};

}  // namespace

OperatorGraph backward_of(const OperatorGraph& forward, const BackwardSpec& spec) {
  return BackwardWriter(forward, spec).write();
}

OperatorGraph layers_of(const OperatorGraph& graph) {
  return part_of(graph, [](const Operator& op) { return op.layer >= 0; });
}

OperatorGraph part_of(const OperatorGraph& graph, const std::function<bool(const Operator&)>& belongs) {
  OperatorGraph part;
  part.names = graph.names;
  std::copy_if(graph.operators.begin(), graph.operators.end(), std::back_inserter(part.operators), belongs);
  return part;
}

}  // namespace orrery
