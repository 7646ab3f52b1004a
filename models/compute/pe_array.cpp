#include "models/compute/pe_array.h"

#include <algorithm>

#include "sim/util/units.h"

namespace orrery {
namespace {

// The fold whose span of `length` cycles from its start (by `start`) holds `t`, searched from `oldest`.
template <class Folds, class Start>
std::size_t fold_at(const Folds& folds, std::size_t oldest, std::uint64_t t, std::uint64_t length,
                    Start start) {
  for (std::size_t f = oldest; f < folds.size() && start(folds[f]) <= t; ++f) {
    if (t < start(folds[f]) + length) return f;
  }
  return folds.size();
}

constexpr auto kStream = [](const auto& fold) { return fold.stream; };
constexpr auto kLoad = [](const auto& fold) { return fold.load; };

}  // namespace

// What passes from the west: of the neighbour a cycle ago or, at the edge, `value(fold, step)`; a row starts
// a cycle after the one above.
template <class Value>
void PeArray::move_east(std::uint32_t r, std::uint32_t c, const std::vector<Fold>& all, std::uint64_t t,
                        std::size_t oldest, std::uint64_t length, Value value) {
  Element& e = element(r, c);
  if (c > 0) {
    const Element& west = element(r, c - 1);
    e.west = west.west;
    e.fold = west.fold;
    e.step = west.step;
    return;
  }
  const std::size_t f = t < r ? all.size() : fold_at(all, oldest, t - r, length, kStream);
  e.fold = f < all.size() ? f : kNone;
  if (e.fold == kNone) return;
  e.step = t - r - all[f].stream;
  e.west = value(all[f], e.step);
}

PeArray::PeArray(std::uint32_t rows, std::uint32_t cols, bool double_buffered, std::uint32_t load_rows,
                 bool drains_by_column)
    : rows_(rows),
      cols_(cols),
      double_buffered_(double_buffered),
      drain_(drains_by_column ? cols : rows + cols - 2),
      chain_(rows / load_rows),
      elements_(std::size_t{rows} * cols) {}

Cycles PeArray::run(Dataflow dataflow, const ArrayProduct& p, std::uint64_t stride) {
  std::fill(elements_.begin(), elements_.end(), Element{});
  switch (dataflow) {
    case Dataflow::output_stationary:
      return run_output_stationary({p.m, p.n, p.k, {p.a, p.k, 1}, {p.b, p.n, 1}, p.c, p.n, 1}, stride);
    case Dataflow::weight_stationary:
      return run_weight_stationary({p.m, p.n, p.k, {p.a, p.k, 1}, {p.b, p.n, 1}, p.c, p.n, 1}, stride);
    case Dataflow::input_stationary:  // transposed: B' streams past A'
      return run_weight_stationary({p.n, p.m, p.k, {p.b, 1, p.n}, {p.a, 1, p.k}, p.c, 1, p.n}, stride);
  }
  return {};
}

// Where each fold lies and when it starts.
std::vector<PeArray::Fold> PeArray::folds(const View& view, bool stationary_b, std::uint64_t stride) const {
  const std::uint64_t down = ceil_div<std::uint64_t>(stationary_b ? view.k : view.m, rows_);
  const std::uint64_t across = ceil_div<std::uint64_t>(view.n, cols_);
  const std::uint64_t length = stationary_b ? view.m : view.k;
  const std::uint64_t load = stationary_b ? chain_ : 0;
  std::vector<Fold> all;
  for (std::uint64_t i = 0; i < down * across; i += stride) {
    Fold fold{i / across * rows_, i % across * cols_, 0, load};
    if (!all.empty()) {
      const Fold& before = all.back();
      if (double_buffered_) {
        fold.load = before.stream;
        fold.stream = std::max(before.stream + length, fold.load + load);
      } else {
        fold.load = before.stream + length + drain_;
        fold.stream = fold.load + load;
      }
    }
    all.push_back(fold);
  }
  return all;
}

Cycles PeArray::run_output_stationary(const View& view, std::uint64_t stride) {
  const std::vector<Fold> all = folds(view, false, stride);
  const Element& last = elements_.back();
  std::size_t oldest = 0;
  for (std::uint64_t t = 0;; ++t) {
    while (oldest + 1 < all.size() && t >= all[oldest].stream + view.k + rows_ + cols_) ++oldest;
    step_output_stationary(view, all, t, oldest);
    if (last.fold + 1 == all.size() && last.step + 1 == view.k) return Cycles{t + 1};
  }
}

void PeArray::step_output_stationary(const View& view, const std::vector<Fold>& all, std::uint64_t t,
                                     std::size_t oldest) {
  // From the far corner back, so that each element reads its neighbours' state of the cycle before.
  for (std::uint32_t r = rows_; r-- > 0;) {
    for (std::uint32_t c = cols_; c-- > 0;) {
      Element& e = element(r, c);
      move_east(r, c, all, t, oldest, view.k, [&](const Fold& fold, std::uint64_t step) {
        return fold.first_row + r < view.m ? view.a.at(fold.first_row + r, step) : 0;
      });
      if (r > 0) {
        e.north = element(r - 1, c).north;
      } else {
        const std::size_t f = t < c ? all.size() : fold_at(all, oldest, t - c, view.k, kStream);
        const bool inside = f < all.size() && all[f].first_col + c < view.n;
        e.north = inside ? view.b.at(t - c - all[f].stream, all[f].first_col + c) : 0;
      }
      if (e.fold == kNone) continue;
      if (e.step == 0) e.sum = 0;
      e.sum += std::int64_t{e.west} * e.north;
      if (e.step + 1 == view.k) view.add(all[e.fold].first_row + r, all[e.fold].first_col + c, e.sum);
    }
  }
}

Cycles PeArray::run_weight_stationary(const View& view, std::uint64_t stride) {
  const std::vector<Fold> all = folds(view, true, stride);
  const Element& last = elements_.back();
  std::size_t oldest = 0;
  for (std::uint64_t t = 0;; ++t) {
    while (oldest + 1 < all.size() && t >= all[oldest].stream + view.m + rows_ + cols_) ++oldest;
    step_weight_stationary(view, all, t, oldest);
    preload(view, all, t, oldest);
    if (last.fold + 1 == all.size() && last.step + 1 == view.m) return Cycles{t + 1};
  }
}

void PeArray::step_weight_stationary(const View& view, const std::vector<Fold>& all, std::uint64_t t,
                                     std::size_t oldest) {
  for (std::uint32_t r = rows_; r-- > 0;) {
    for (std::uint32_t c = cols_; c-- > 0;) {
      Element& e = element(r, c);
      move_east(r, c, all, t, oldest, view.m, [&](const Fold& fold, std::uint64_t step) {
        return fold.first_row + r < view.k ? view.a.at(step, fold.first_row + r) : 0;
      });
      if (e.fold == kNone) continue;
      if (e.step == 0) e.stationary = e.next_stationary;
      e.sum = (r > 0 ? element(r - 1, c).sum : 0) + std::int64_t{e.west} * e.stationary;
      if (r + 1 == rows_) view.add(e.step, all[e.fold].first_col + c, e.sum);
    }
  }
}

// The stationary operand of the next fold goes down each chain of a column's rows, a cycle later in each
// column and as much later in each chain as what streams past it; the element it is for keeps it.
void PeArray::preload(const View& view, const std::vector<Fold>& all, std::uint64_t t, std::size_t oldest) {
  for (std::uint32_t c = 0; c < cols_; ++c) {
    for (std::uint32_t r = rows_; r-- > 0;) {
      Element& e = element(r, c);
      if (r % chain_ != 0) {
        e.transit = element(r - 1, c).transit;
        e.transit_row = element(r - 1, c).transit_row;
      } else {
        const std::uint64_t late = std::uint64_t{c} + r;
        const std::size_t f = t < late ? all.size() : fold_at(all, oldest, t - late, chain_, kLoad);
        e.transit_row = UINT32_MAX;
        if (f < all.size()) {
          e.transit_row = r + chain_ - 1 - static_cast<std::uint32_t>(t - late - all[f].load);
          const std::uint64_t inner = all[f].first_row + e.transit_row;
          const std::uint64_t col = all[f].first_col + c;
          e.transit = inner < view.k && col < view.n ? view.b.at(inner, col) : 0;
        }
      }
      if (e.transit_row == r) e.next_stationary = e.transit;
    }
  }
}

}  // namespace orrery
