#include "sim/engine/graph_runner.h"

#include <algorithm>

#include "sim/engine/roofline.h"
#include "sim/engine/shape_key.h"
#include "sim/estimate/energy.h"

namespace orrery {
namespace {

std::size_t layer_end(const OperatorGraph& graph, std::size_t begin) {
  std::size_t end = begin;
  while (end < graph.operators.size() && graph.operators[end].layer == graph.operators[begin].layer) ++end;
  return end;
}

// Whether the layer at `b` does the work of the one at `a`.
bool same_layer(const OperatorGraph& graph, std::size_t a, std::size_t b, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    if (!same_shape_key(graph.operators[a + i], graph.operators[b + i])) return false;
  }
  return true;
}

void add(GraphOutcome& sum, const GraphOutcome& part) {
  sum.time += part.time;
  sum.split += part.split;
  sum.counts += part.counts;
  sum.energy += part.energy;
  for (std::size_t k = 0; k < kOperatorKinds; ++k) {
    sum.kinds[k].time += part.kinds[k].time;
    sum.kinds[k].dynamic_j += part.kinds[k].dynamic_j;
  }
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
    const OperatorOutcome& done = runner_.run(op, residency.seen_by(op), false);
    residency.update(op, done.on_chip);
    GraphOutcome part;
    part.time = done.time;
    part.split = done.split;
    part.counts = done.counts;
    part.energy = done.energy;
    part.kinds[static_cast<std::size_t>(op.kind)] = {done.time, done.energy.total()};
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
  std::size_t at = 0;
  while (at < graph.operators.size()) {
    const std::size_t end = layer_end(graph, at);
    LayerOutcome layer = run_layer(graph, at, end, residency);
    add(sum, layer.outcome);
    const std::size_t size = end - at;
    // Two layers in a row did the same from the same state: so will all that follow and look the same.
    const bool steady =
        !runner_.options().exact && graph.operators[at].layer > 0 && layer.keys == previous.keys;
    previous = std::move(layer);
    const std::size_t first = at;
    at = end;
    if (!steady) continue;
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
  }
  if (runner_.options().fidelity == Fidelity::roofline) {
    const RooflineBound weights = roofline_of_weights(graph, runner_.arch());
    const Femtoseconds least = from_seconds(weights.seconds);
    if (least > sum.time) {
      sum.split.add(TimeCategory::dram, least - sum.time);
      sum.time = least;
    }
    sum.counts.dram_read_bytes = std::max(sum.counts.dram_read_bytes, weights.counts.dram_read_bytes);
    sum.energy = dynamic_energy(sum.counts, runner_.arch());
    sum.energy += active_energy(to_seconds(sum.time), runner_.arch());
  }
  return sum;
}

}  // namespace orrery
