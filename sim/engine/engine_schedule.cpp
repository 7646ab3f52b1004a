#include "sim/engine/engine_schedule.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <unordered_map>

namespace orrery {
namespace {

constexpr std::size_t kNone = SIZE_MAX;
constexpr std::size_t kUnits = 3;
constexpr std::size_t kAll = kUnits;  // collectives wait for all, and all for them

struct Scheduled {
  std::size_t unit = 0;  // 0: products, 1: rows, 2: products in memory, kAll
  double seconds = 0;
  double blocks = 1;  // that it is handed on in
  // What it waits for, and whether for all of it: a product's second operand is not handed on in blocks.
  struct Before {
    std::size_t at = 0;
    bool whole = false;
  };
  std::vector<Before> after;
  double longest = 0;  // way to the layer's end that begins here
  double begin = 0, end = 0;
  bool done = false;
};

std::size_t unit_of(const Operator& op, bool in_memory) {
  if (in_memory) return 2;
  const OperatorFamily& family = operator_row(op.kind).family;
  if (std::holds_alternative<MatmulFamily>(family) || std::holds_alternative<AttentionFamily>(family))
    return 0;
  return std::holds_alternative<CollectiveFamily>(family) ? kAll : 1;
}

// Whether `first` makes what `then` multiplies by.
bool is_second(const Operator& first, const Operator& then) {
  if (!std::holds_alternative<MatmulFamily>(operator_row(then.kind).family) || then.inputs.size() < 2)
    return false;
  return std::any_of(first.outputs.begin(), first.outputs.end(),
                     [&then](const Tensor& t) { return t.id == then.inputs[1].id; });
}

class EngineSchedule {
 public:
  EngineSchedule(const OperatorGraph& graph, std::size_t begin, const std::vector<EngineWork>& work,
                 const EngineOverlap& how) {
    std::unordered_map<std::uint32_t, std::size_t> index;
    for (std::size_t i = 0; i < work.size(); ++i) {
      const Operator& op = graph.operators[begin + i];
      Scheduled s;
      s.unit = unit_of(op, work[i].in_memory);
      s.seconds = work[i].seconds;
      if (const auto* shape = std::get_if<VectorShape>(&op.shape); shape != nullptr && how.rows > 0)
        s.blocks =
            static_cast<double>(std::max<std::uint64_t>(1, ceil_div<std::uint64_t>(shape->rows, how.rows)));
      for (const std::uint32_t dependence : op.deps) {
        if (const auto found = index.find(dependence); found != index.end())
          s.after.push_back({found->second, is_second(graph.operators[begin + found->second], op)});
      }
      index[op.id] = i;
      operators_.push_back(std::move(s));
    }
    for (std::size_t i = operators_.size(); i-- > 0;) {
      Scheduled& s = operators_[i];
      s.longest += s.seconds;
      for (const Scheduled::Before& first : s.after)
        operators_[first.at].longest = std::max(operators_[first.at].longest, s.longest);
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
  std::vector<Scheduled> operators_;
  std::array<double, kUnits> free_{};

  // Rows are handed on in blocks, to a product and from one; products wait for products.
  bool in_blocks(const Scheduled::Before& before, const Scheduled& then) const {
    const Scheduled& first = operators_[before.at];
    return !before.whole && first.unit < 2 && then.unit < 2 && first.unit + then.unit > 0;
  }
  double blocks_between(const Scheduled& first, const Scheduled& then) const {
    return std::max(first.blocks, then.blocks);
  }
  double may_begin(const Scheduled& s) const {
    double at = s.unit == kAll ? *std::max_element(free_.begin(), free_.end()) : free_[s.unit];
    for (const Scheduled::Before& before : s.after) {
      const Scheduled& first = operators_[before.at];
      at = std::max(at, in_blocks(before, s)
                            ? first.begin + (first.end - first.begin) / blocks_between(first, s)
                            : first.end);
    }
    return at;
  }
  bool ready(const Scheduled& s) const {
    return !s.done && std::all_of(s.after.begin(), s.after.end(),
                                  [this](const Scheduled::Before& b) { return operators_[b.at].done; });
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
    s.end = s.begin + s.seconds;
    for (const Scheduled::Before& before : s.after) {
      const Scheduled& first = operators_[before.at];
      if (in_blocks(before, s)) s.end = std::max(s.end, first.end + s.seconds / blocks_between(first, s));
    }
    s.done = true;
    // What waits for blocks leaves the unit to others meanwhile.
    if (s.unit == kAll) {
      free_.fill(s.begin + s.seconds);
    } else {
      free_[s.unit] = s.begin + s.seconds;
    }
  }
};

}  // namespace

std::vector<double> added_seconds(const OperatorGraph& graph, std::size_t begin,
                                  const std::vector<EngineWork>& work, const EngineOverlap& how) {
  std::vector<double> added = EngineSchedule(graph, begin, work, how).added();
  double all = 0;
  double in_memory = 0;
  double moving = 0;
  for (const EngineWork& w : work) {
    all += w.seconds;
    (w.in_memory ? in_memory : moving) += w.in_memory ? w.seconds : w.memory_s;
  }
  const double least_s = std::min(all, how.apart ? std::max(in_memory, moving) : in_memory + moving);
  const double sum = std::accumulate(added.begin(), added.end(), 0.0);
  if (sum >= least_s) return added;
  // Less of each lies beside others.
  const double share = (least_s - sum) / (all - sum);
  for (std::size_t i = 0; i < added.size(); ++i) added[i] += share * (work[i].seconds - added[i]);
  return added;
}

}  // namespace orrery
