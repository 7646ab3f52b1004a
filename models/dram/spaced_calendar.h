#pragma once
// Reservations of a resource that takes one start every `spacing` ticks and at most `window_starts` in any
// `window` ticks, kept as times in order. A later caller may start earlier: gaps stay free, as they do for a
// controller that reorders. Calls may not go back behind `forget`.

#include <algorithm>
#include <cstdint>
#include <vector>

namespace orrery {

class SpacedCalendar {
 public:
  using Tick = std::int64_t;

  explicit SpacedCalendar(Tick spacing = 1, Tick window = 0, std::size_t window_starts = 4)
      : spacing_(spacing), window_(window), window_starts_(window_starts) {
    starts_.reserve(256);
  }

  // The first start at or after `t` that fits.
  Tick earliest(Tick t) const {
    std::size_t i = starts_.size();
    while (i > 0 && starts_[i - 1] + spacing_ > t) --i;  // all before i lie a spacing before t
    while (true) {
      // After its predecessors, with the next reservation a spacing away.
      if (i > 0) t = std::max(t, starts_[i - 1] + spacing_);
      if (window_ > 0) {
        const Tick open = window_opens(i);
        if (open > t) t = open;
      }
      if (i < starts_.size() && starts_[i] < t + spacing_) {
        ++i;
        continue;
      }
      if (window_ > 0 && crowds_later(t, i)) {
        ++i;
        continue;
      }
      return t;
    }
  }

  void insert(Tick t) { starts_.insert(std::upper_bound(starts_.begin(), starts_.end(), t), t); }

  // Starts before `t` no longer matter.
  void forget(Tick t) {
    const Tick horizon = t - std::max(spacing_, window_) - 1;
    if (starts_.empty() || starts_.front() >= horizon) return;
    std::size_t n = 0;
    while (n < starts_.size() && starts_[n] < horizon) ++n;
    starts_.erase(starts_.begin(), starts_.begin() + static_cast<std::ptrdiff_t>(n));
  }

  Tick last() const { return starts_.empty() ? INT64_MIN / 2 : starts_.back(); }
  Tick spacing() const { return spacing_; }

 private:
  Tick spacing_, window_;
  std::size_t window_starts_;
  std::vector<Tick> starts_;

  Tick window_opens(std::size_t i) const {
    return i >= window_starts_ ? starts_[i - window_starts_] + window_ : INT64_MIN / 2;
  }
  // A start at `t`, before number i, would put one too many into the window of a later one.
  bool crowds_later(Tick t, std::size_t i) const {
    for (std::size_t k = 0; k < window_starts_ && i + k < starts_.size(); ++k) {
      // starts_[i + k] becomes number i + k + 1; window_starts_ before it is number i + k + 1 - window_starts_.
      const std::size_t place = i + k + 1;
      if (place < window_starts_) continue;
      const std::size_t first = place - window_starts_;
      const Tick other = first == i ? t : (first < i ? starts_[first] : starts_[first - 1]);
      if (starts_[i + k] < other + window_) return true;
    }
    return false;
  }
};

}  // namespace orrery
