#include "sim/engine/graph_runner.h"

#include <algorithm>
#include <array>
#include <queue>
#include <unordered_map>

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

// One that does one operator at a time: cores, or links. What can start first does, in the order of the graph
// where several can.
class Lane {
 public:
  void add(double ready, std::size_t place) { waiting_.emplace(ready, place); }
  // When its next operator would start, and which; none is SIZE_MAX.
  std::pair<double, std::size_t> next() {
    for (; !waiting_.empty() && waiting_.top().first <= free_; waiting_.pop())
      can_.push(waiting_.top().second);
    if (!can_.empty()) return {free_, can_.top()};
    return waiting_.empty() ? std::pair(0.0, SIZE_MAX) : waiting_.top();
  }
  // Places that one. When it is done.
  double take(double seconds) {
    free_ = next().first + seconds;
    if (can_.empty()) {
      waiting_.pop();
    } else {
      can_.pop();
    }
    return free_;
  }
  double done() const { return free_; }

 private:
  template <class T>
  using Least = std::priority_queue<T, std::vector<T>, std::greater<T>>;
  double free_ = 0;
  Least<std::pair<double, std::size_t>> waiting_;  // by when they can start
  Least<std::size_t> can_;                         // now
};

// When operators that take so long are all done, on cores and links side by side.
double seconds_side_by_side(const OperatorGraph& graph, std::size_t begin,
                            const std::vector<double>& durations) {
  std::unordered_map<std::uint32_t, std::size_t> places;  // of this stretch; what lies before it is done
  for (std::size_t i = 0; i < durations.size(); ++i) places[graph.operators[begin + i].id] = i;
  std::vector<std::vector<std::size_t>> users(durations.size());
  std::vector<std::size_t> missing(durations.size(), 0);
  std::vector<double> ready(durations.size(), 0);
  std::array<Lane, 2> lanes;  // cores, links
  const auto lane_of = [&](std::size_t i) {
    return std::holds_alternative<CollectiveShape>(graph.operators[begin + i].shape) ? 1 : 0;
  };
  for (std::size_t i = 0; i < durations.size(); ++i) {
    for (const std::uint32_t dep : graph.operators[begin + i].deps) {
      const auto found = places.find(dep);
      if (found == places.end()) continue;
      users[found->second].push_back(i);
      ++missing[i];
    }
    if (missing[i] == 0) lanes[lane_of(i)].add(0, i);
  }
  for (std::size_t n = 0; n < durations.size(); ++n) {
    const auto cores = lanes[0].next();
    const auto links = lanes[1].next();
    const bool on_links = cores.second == SIZE_MAX || (links.second != SIZE_MAX && links < cores);
    const std::size_t i = (on_links ? links : cores).second;
    const double end = lanes[on_links ? 1 : 0].take(durations[i]);
    for (const std::size_t user : users[i]) {
      ready[user] = std::max(ready[user], end);
      if (--missing[user] == 0) lanes[lane_of(user)].add(ready[user], user);
    }
  }
  return std::max(lanes[0].done(), lanes[1].done());
}

}  // namespace

GraphRunner::GraphRunner(OperatorRunner& runner) : runner_(runner) {}

GraphRunner::LayerOutcome GraphRunner::run_layer(const OperatorGraph& graph, std::size_t begin,
                                                 std::size_t end, Residency& residency) {
  LayerOutcome layer;
  for (std::size_t i = begin; i < end; ++i) {
    const Operator& op = graph.operators[i];
    const OperatorRun& done = runner_.run(op, residency.seen_by(op), false);
    residency.update(op, done.on_chip);
    layer.tally += runner_.replayed() ? done.tally.as_replayed() : done.tally;
    layer.keys.push_back(runner_.last_key());
    layer.seconds.push_back(done.tally.seconds);
  }
  if (runner_.arch().execution.overlaps_collectives)
    layer.tally.hide_collectives(layer.tally.seconds - seconds_side_by_side(graph, begin, layer.seconds));
  return layer;
}

Tally GraphRunner::run(const OperatorGraph& graph, Residency& residency, std::vector<double>* seconds) {
  Tally sum;
  LayerOutcome previous;
  std::size_t at = 0;
  while (at < graph.operators.size()) {
    const std::size_t end = layer_end(graph, at);
    LayerOutcome layer = run_layer(graph, at, end, residency);
    const auto note = [seconds](const LayerOutcome& done) {
      if (seconds != nullptr) seconds->insert(seconds->end(), done.seconds.begin(), done.seconds.end());
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
