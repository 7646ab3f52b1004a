#include "sim/engine/graph_runner.h"

#include <algorithm>
#include <unordered_map>

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

bool is_product(const Operator& op) {
  const OperatorFamily& family = operator_row(op.kind).family;
  return std::holds_alternative<MatmulFamily>(family) || std::holds_alternative<AttentionFamily>(family);
}

// Row-wise operators that run behind the product whose rows they take, block of rows by block, and products
// behind those whose rows they take: each product lies beside as much of them as it takes itself, and of
// each operator the last block stays.
class BehindProducts {
 public:
  BehindProducts(const OperatorGraph& graph, std::uint32_t rows) : graph_(graph), rows_(rows) {}

  // Of the operator at `at` that takes `seconds`, how many lie beside those before it. In the graph's order.
  double hidden(std::size_t at, double seconds) {
    const Operator& op = graph_.operators[at];
    if (rows_ == 0) return 0;
    if (is_product(op)) return hidden_product(op, seconds);
    const auto* shape = std::get_if<VectorShape>(&op.shape);
    return shape == nullptr ? 0 : hidden_rows(op, *shape, seconds);
  }

 private:
  struct Made {
    std::uint32_t product = 0;  // behind which it stands
    double spare = 0;           // of a product: that nothing lies beside yet
    double exposed = 0;         // of rows: beside nothing yet, the last block left out
  };
  const OperatorGraph& graph_;
  const std::uint32_t rows_;
  std::unordered_map<std::uint32_t, Made> made_;  // by operator

  Made* before(const Operator& op) {
    for (const std::uint32_t dependence : op.deps) {
      if (const auto found = made_.find(dependence); found != made_.end()) return &found->second;
    }
    return nullptr;
  }

  double hidden_rows(const Operator& op, const VectorShape& shape, double seconds) {
    const Made* rows_of = before(op);
    if (rows_of == nullptr) return 0;
    const std::uint32_t product = rows_of->product;
    const double blocks = std::max(1.0, static_cast<double>(ceil_div<std::uint64_t>(shape.rows, rows_)));
    const double most = seconds * (1 - 1 / blocks);
    double& spare = made_[product].spare;
    const double beside = std::min(most, spare);
    spare -= beside;
    made_[op.id] = {product, 0, most - beside};
    return beside;
  }

  double hidden_product(const Operator& op, double seconds) {
    double beside = 0;
    if (Made* rows = before(op)) {
      beside = std::min(rows->exposed, seconds);
      rows->exposed -= beside;
    }
    made_[op.id] = {op.id, seconds - beside, 0};
    return beside;
  }
};

}  // namespace

GraphRunner::GraphRunner(OperatorRunner& runner) : runner_(runner) {}

GraphRunner::LayerOutcome GraphRunner::run_layer(const OperatorGraph& graph, std::size_t begin,
                                                 std::size_t end, Residency& residency) {
  LayerOutcome layer;
  BehindProducts behind(graph, runner_.arch().execution.rows_behind_products);
  for (std::size_t i = begin; i < end; ++i) {
    const Operator& op = graph.operators[i];
    const OperatorRun& done = runner_.run(op, residency.seen_by(op), false);
    residency.update(op, done.on_chip);
    const double hidden = behind.hidden(i, done.tally.seconds);
    Tally tally = runner_.replayed() ? done.tally.as_replayed() : done.tally;
    if (hidden > 0) tally = tally.beside(hidden);
    layer.tally += tally;
    layer.keys.push_back(runner_.last_key());
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
