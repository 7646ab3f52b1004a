#pragma once
// Reservations of a resource that takes one start every `spacing` ticks and at most four in any
// `window` ticks, kept as times in order. A later caller may start earlier: gaps stay free, as they do for a
// controller that reorders. Calls may not go back behind `forget`.

#include <algorithm>
#include <cstdint>
#include <vector>

namespace orrery {

class SpacedCalendar {
 public:
  using Tick = std::int64_t;

  // `aligned`: starts lie on multiples of the spacing, where others are near, so that early and late callers
  // leave no gap that is too short for anyone (a controller that issues in order of time leaves none).
  explicit SpacedCalendar(Tick spacing = 1, Tick window = 0, bool aligned = false)
      : spacing_(spacing), window_(window), aligned_(aligned) {
    starts_.reserve(256);
  }

  // Starts with different tags lie `spacing` apart instead.
  void space_tags(Tick spacing) { tag_spacing_ = spacing; }

  // The first start at or after `t` that fits.
  Tick earliest(Tick t, std::uint32_t tag = 0) const {
    const Tick reach = std::max(spacing_, tag_spacing_);
    std::size_t i = starts_.size();
    while (i > 0 && starts_[i - 1].at + reach > t) --i;  // all before i are too early to matter
    const bool align = aligned_ && crowded(t);
    if (align) t = on_grid(t);
    while (true) {
      if (i > 0) t = std::max(t, starts_[i - 1].at + apart(starts_[i - 1].tag, tag));
      if (window_ > 0) t = std::max(t, window_opens(i));
      if (align) t = on_grid(t);
      if (i < starts_.size() && starts_[i].at < t + apart(starts_[i].tag, tag)) {
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

  void insert(Tick t, std::uint32_t tag = 0) {
    const auto later = [](Tick at, const Start& s) { return at < s.at; };
    starts_.insert(std::upper_bound(starts_.begin(), starts_.end(), t, later), {t, tag});
  }

  // Starts before `t` no longer matter.
  void forget(Tick t) {
    const Tick horizon = t - std::max({spacing_, window_, tag_spacing_}) - 1;
    if (starts_.empty() || starts_.front().at >= horizon) return;
    std::size_t n = 0;
    while (n < starts_.size() && starts_[n].at < horizon) ++n;
    starts_.erase(starts_.begin(), starts_.begin() + static_cast<std::ptrdiff_t>(n));
  }

 private:
  struct Start {
    Tick at;
    std::uint32_t tag;
  };
  Tick spacing_, window_;
  Tick tag_spacing_ = 0;
  bool aligned_;
  std::vector<Start> starts_;
  static constexpr std::size_t kWindowStarts = 4;

  Tick on_grid(Tick t) const { return (t + spacing_ - 1) / spacing_ * spacing_; }
  Tick apart(std::uint32_t a, std::uint32_t b) const {
    return a == b ? spacing_ : std::max(spacing_, tag_spacing_);
  }

  // Three or more others are near: callers compete.
  bool crowded(Tick t) const {
    const Tick near = 12 * spacing_;
    std::size_t found = 0;
    for (std::size_t i = starts_.size(); i > 0 && starts_[i - 1].at >= t - near; --i) {
      if (starts_[i - 1].at <= t + near && ++found == 3) return true;
    }
    return false;
  }
  Tick window_opens(std::size_t i) const {
    return i >= kWindowStarts ? starts_[i - kWindowStarts].at + window_ : INT64_MIN / 2;
  }
  // A start at `t`, before number i, would put one too many into the window of a later one.
  bool crowds_later(Tick t, std::size_t i) const {
    for (std::size_t k = 0; k < kWindowStarts && i + k < starts_.size(); ++k) {
      // starts_[i + k] becomes number i + k + 1; kWindowStarts before it is number i + k + 1 - kWindowStarts.
      const std::size_t place = i + k + 1;
      if (place < kWindowStarts) continue;
      const std::size_t first = place - kWindowStarts;
      const Tick other = first == i ? t : (first < i ? starts_[first].at : starts_[first - 1].at);
      if (starts_[i + k].at < other + window_) return true;
    }
    return false;
  }
};

}  // namespace orrery
