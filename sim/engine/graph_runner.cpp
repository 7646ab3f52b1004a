#include "sim/engine/graph_runner.h"

#include <algorithm>

#include "sim/engine/engine_schedule.h"
#include "sim/engine/rank_schedule.h"
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

}  // namespace

GraphRunner::GraphRunner(OperatorRunner& runner) : runner_(runner) {}

GraphRunner::LayerOutcome GraphRunner::run_layer(const OperatorGraph& graph, std::size_t begin,
                                                 std::size_t end, Residency& residency) {
  LayerOutcome layer;
  std::vector<Tally> tallies;
  for (std::size_t i = begin; i < end; ++i) {
    const Operator& op = graph.operators[i];
    const OperatorRun& done = runner_.run(op, residency.seen_by(op), false);
    residency.update(op, done.on_chip);
    tallies.push_back(runner_.replayed() ? done.tally.as_replayed() : done.tally);
    layer.keys.push_back(runner_.last_key());
  }
  const ArchSpec& arch = runner_.arch();
  const EngineOverlap how = {arch.execution.rows_behind_products,
                             arch.dram.pim && arch.dram.pim->dual_row_buffers};
  if (how.rows > 0 || arch.dram.pim) {
    std::vector<EngineWork> work;
    for (const Tally& tally : tallies) {
      const ActivityCounts counts = tally.counts();
      work.push_back({tally.seconds, static_cast<double>(counts.dram_bytes()) / arch.dram.peak_bytes_per_s(),
                      counts.pim_macs > 0});
    }
    const std::vector<double> added = added_seconds(graph, begin, work, how);
    for (std::size_t i = 0; i < tallies.size(); ++i) {
      if (added[i] < tallies[i].seconds) tallies[i] = tallies[i].beside(tallies[i].seconds - added[i]);
    }
  }
  for (const Tally& tally : tallies) {
    layer.tally += tally;
    layer.costs.push_back({tally.seconds, tally.energy.total(), tally.split, tally.counts().kernels});
  }
  if (runner_.arch().execution.overlaps_collectives) {
    std::vector<double> seconds;
    for (const OperatorCost& cost : layer.costs) seconds.push_back(cost.seconds);
    layer.tally.hide_collectives(layer.tally.seconds -
                                 schedule_ranks({{&graph, begin, seconds}}, true).seconds);
  }
  return layer;
}

Tally GraphRunner::run(const OperatorGraph& graph, Residency& residency, std::vector<OperatorCost>* costs) {
  Tally sum;
  LayerOutcome previous;
  std::size_t at = 0;
  while (at < graph.operators.size()) {
    const std::size_t end = layer_end(graph, at);
    LayerOutcome layer = run_layer(graph, at, end, residency);
    const auto note = [costs](const LayerOutcome& done) {
      if (costs != nullptr) costs->insert(costs->end(), done.costs.begin(), done.costs.end());
    };
    sum += layer.tally;
    note(layer);
    const std::size_t size = end - at;
    // Two layers in a row did the same from the same state: so will all that follow and look the same.
    const bool steady =
        !runner_.options().exact && graph.operators[at].layer > 0 && layer.keys == previous.keys;
    previous = std::move(layer);
    const std::size_t first = at;
    at = end;
    if (!steady) continue;
    const Tally copy = previous.tally.as_replicated();
    std::int32_t last_layer = graph.operators[first].layer;
    while (at < graph.operators.size() && layer_end(graph, at) - at == size &&
           graph.operators[at].layer >= 0 && same_layer(graph, first, at, size)) {
      sum += copy;
      note(previous);
      last_layer = graph.operators[at].layer;
      at += size;
    }
    residency.rename_layer(graph.operators[first].layer, last_layer);
  }
  if (runner_.options().fidelity == Fidelity::roofline) {
    const RooflineBound weights = roofline_of_weights(graph, runner_.arch());
    sum.at_least(TimeCategory::dram, weights.seconds, weights.counts.dram_read_bytes);
    sum.energy = dynamic_energy(sum.counts(), runner_.arch());
    sum.energy += active_energy(sum.seconds, runner_.arch());
  }
  return sum;
}

}  // namespace orrery
