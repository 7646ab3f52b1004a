#include "sim/engine/engine_schedule.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <unordered_map>

namespace orrery {
namespace {

constexpr std::size_t kNone = SIZE_MAX;

struct Scheduled {
  std::size_t unit = 0;  // 0: products, 1: rows, 2: whatever else
  double blocks = 1;     // that it is handed on in
  std::vector<std::size_t> after;
  double longest = 0;  // way to the layer's end that begins here
  double begin = 0, end = 0;
  bool done = false;
};

std::size_t unit_of(const Operator& op) {
  const OperatorFamily& family = operator_row(op.kind).family;
  if (std::holds_alternative<MatmulFamily>(family) || std::holds_alternative<AttentionFamily>(family))
    return 0;
  return std::holds_alternative<VectorFamily>(family) ? 1 : 2;
}

class EngineSchedule {
 public:
  EngineSchedule(const OperatorGraph& graph, std::size_t begin, const std::vector<double>& seconds,
                 std::uint32_t rows)
      : seconds_(seconds), operators_(seconds.size()) {
    std::unordered_map<std::uint32_t, std::size_t> index;
    for (std::size_t i = 0; i < seconds.size(); ++i) {
      const Operator& op = graph.operators[begin + i];
      Scheduled& s = operators_[i];
      s.unit = unit_of(op);
      if (const auto* shape = std::get_if<VectorShape>(&op.shape))
        s.blocks =
            static_cast<double>(std::max<std::uint64_t>(1, ceil_div<std::uint64_t>(shape->rows, rows)));
      for (const std::uint32_t dependence : op.deps) {
        if (const auto found = index.find(dependence); found != index.end()) s.after.push_back(found->second);
      }
      index[op.id] = i;
    }
    for (std::size_t i = operators_.size(); i-- > 0;) {
      Scheduled& s = operators_[i];
      s.longest += seconds[i];
      for (const std::size_t first : s.after)
        operators_[first].longest = std::max(operators_[first].longest, s.longest);
    }
  }

  std::vector<double> added() {
    for (std::size_t i = 0; i < operators_.size(); ++i) place_next();
    std::vector<std::size_t> order(operators_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [this](std::size_t a, std::size_t b) { return operators_[a].end < operators_[b].end; });
    std::vector<double> added(operators_.size());
    double so_far = 0;
    for (const std::size_t i : order) {
      added[i] = std::max(0.0, operators_[i].end - so_far);
      so_far = std::max(so_far, operators_[i].end);
    }
    return added;
  }

 private:
  const std::vector<double>& seconds_;
  std::vector<Scheduled> operators_;
  double free_[3] = {0, 0, 0};

  // Rows are handed on in blocks, to a product and from one; products wait for products.
  bool in_blocks(const Scheduled& first, const Scheduled& then) const {
    return first.unit < 2 && then.unit < 2 && first.unit + then.unit > 0;
  }
  double blocks_between(const Scheduled& first, const Scheduled& then) const {
    return std::max(first.blocks, then.blocks);
  }
  double may_begin(const Scheduled& s) const {
    double at = free_[s.unit];
    for (const std::size_t i : s.after) {
      const Scheduled& first = operators_[i];
      at = std::max(at, in_blocks(first, s)
                            ? first.begin + (first.end - first.begin) / blocks_between(first, s)
                            : first.end);
    }
    return at;
  }
  bool ready(const Scheduled& s) const {
    return !s.done &&
           std::all_of(s.after.begin(), s.after.end(), [this](std::size_t i) { return operators_[i].done; });
  }

  void place_next() {
    std::size_t best = kNone;
    double earliest = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < operators_.size(); ++i) {
      if (!ready(operators_[i])) continue;
      const double begin = may_begin(operators_[i]);
      const bool longer = begin == earliest && operators_[i].longest > operators_[best].longest;
      if (begin < earliest || longer) earliest = begin, best = i;
    }
    Scheduled& s = operators_[best];
    s.begin = earliest;
    s.end = s.begin + seconds_[best];
    for (const std::size_t i : s.after) {
      const Scheduled& first = operators_[i];
      if (in_blocks(first, s)) s.end = std::max(s.end, first.end + seconds_[best] / blocks_between(first, s));
    }
    s.done = true;
    // What waits for blocks leaves the unit to others meanwhile.
    free_[s.unit] = s.begin + seconds_[best];
  }
};

}  // namespace

std::vector<double> added_seconds(const OperatorGraph& graph, std::size_t begin,
                                  const std::vector<double>& seconds, std::uint32_t rows, double least_s) {
  std::vector<double> added = EngineSchedule(graph, begin, seconds, rows).added();
  const double all = std::accumulate(seconds.begin(), seconds.end(), 0.0);
  const double sum = std::accumulate(added.begin(), added.end(), 0.0);
  if (sum >= std::min(least_s, all)) return added;
  // Less of each lies beside others.
  const double share = (std::min(least_s, all) - sum) / (all - sum);
  for (std::size_t i = 0; i < added.size(); ++i) added[i] += share * (seconds[i] - added[i]);
  return added;
}

}  // namespace orrery
