#include "sim/engine/graph_runner.h"

#include <algorithm>

#include "sim/engine/roofline.h"

namespace orrery {
namespace {

std::size_t layer_end(const OperatorGraph& graph, std::size_t begin) {
  std::size_t end = begin;
  while (end < graph.operators.size() && graph.operators[end].layer == graph.operators[begin].layer) ++end;
  return end;
}

bool same_tensors(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].kind != b[i].kind || a[i].dtype != b[i].dtype || a[i].shape != b[i].shape) return false;
  }
  return true;
}

// Whether the layer at `b` runs the operators of the one at `a` on tensors of the same shapes.
bool same_layer(const OperatorGraph& graph, std::size_t a, std::size_t b, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    const Operator& x = graph.operators[a + i];
    const Operator& y = graph.operators[b + i];
    if (x.kind != y.kind || x.dtype != y.dtype || x.shape.index() != y.shape.index()) return false;
    if (!same_tensors(x.inputs, y.inputs) || !same_tensors(x.outputs, y.outputs)) return false;
    const auto* p = std::get_if<AttentionShape>(&x.shape);
    const auto* q = std::get_if<AttentionShape>(&y.shape);
    if (p != nullptr && (p->causal != q->causal || p->heads != q->heads || p->q != q->q || p->kv != q->kv))
      return false;
    const auto* c = std::get_if<CollectiveShape>(&x.shape);
    const auto* d = std::get_if<CollectiveShape>(&y.shape);
    if (c != nullptr && (c->bytes != d->bytes || c->devices != d->devices)) return false;
    const auto* m = std::get_if<MatmulShape>(&x.shape);
    const auto* n = std::get_if<MatmulShape>(&y.shape);
    if (m != nullptr && (m->batch != n->batch || m->m != n->m || m->n != n->n || m->k != n->k)) return false;
  }
  return true;
}

void add(GraphOutcome& sum, const GraphOutcome& part) {
  sum.time += part.time;
  sum.split += part.split;
  sum.counts += part.counts;
  sum.simulated += part.simulated;
  sum.replayed += part.replayed;
  sum.replicated += part.replicated;
}

}  // namespace

GraphRunner::GraphRunner(OperatorRunner& runner) : runner_(runner) {}

GraphRunner::LayerOutcome GraphRunner::run_layer(const OperatorGraph& graph, std::size_t begin,
                                                 std::size_t end, Residency& residency) {
  LayerOutcome layer;
  for (std::size_t i = begin; i < end; ++i) {
    const Operator& op = graph.operators[i];
    const OperatorOutcome& done = runner_.run(op, residency.of(op), residency.foreign_dirty_bytes(op), false);
    residency.update(op, done.resident, done.foreign_dirty_bytes);
    GraphOutcome part;
    part.time = done.time;
    part.split = done.split;
    part.counts = done.counts;
    (runner_.replayed() ? part.replayed : part.simulated) = done.time;
    if (!runner_.replayed()) {
      part.simulated -= done.skipped;
      part.replayed += done.skipped;
    }
    add(layer.outcome, part);
    layer.keys.push_back(runner_.last_key());
  }
  return layer;
}

GraphOutcome GraphRunner::run(const OperatorGraph& graph, Residency& residency) {
  GraphOutcome sum;
  LayerOutcome previous;
  std::size_t previous_begin = 0;
  std::size_t at = 0;
  while (at < graph.operators.size()) {
    const std::size_t end = layer_end(graph, at);
    LayerOutcome layer = run_layer(graph, at, end, residency);
    add(sum, layer.outcome);
    const std::size_t size = end - at;
    // Two layers in a row did the same from the same state: so will all that follow and look the same.
    const bool steady = !runner_.options().exact && graph.operators[at].layer > 0 &&
                        layer.keys == previous.keys && same_layer(graph, previous_begin, at, size);
    previous = std::move(layer);
    previous_begin = at;
    at = end;
    if (!steady) continue;
    const std::size_t first = previous_begin;
    GraphOutcome copy = previous.outcome;
    copy.simulated = copy.replayed = 0;
    copy.replicated = copy.time;
    std::int32_t last_layer = graph.operators[first].layer;
    while (at < graph.operators.size() && layer_end(graph, at) - at == size &&
           graph.operators[at].layer >= 0 && same_layer(graph, first, at, size)) {
      add(sum, copy);
      last_layer = graph.operators[at].layer;
      at += size;
    }
    residency.rename_layer(graph.operators[first].layer, last_layer);
    previous_begin = at - size;
  }
  if (runner_.options().fidelity == Fidelity::roofline) {
    const RooflineBound weights = roofline_of_weights(graph, runner_.arch());
    const Femtoseconds least = from_seconds(weights.seconds);
    if (least > sum.time) {
      sum.split.add(TimeCategory::dram, least - sum.time);
      sum.time = least;
    }
    sum.counts.dram_read_bytes = std::max(sum.counts.dram_read_bytes, weights.counts.dram_read_bytes);
  }
  return sum;
}

}  // namespace orrery
