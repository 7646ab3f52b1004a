#include "tools/orrery/sweep_meter.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <string>

namespace orrery {
namespace {

std::string clock_time(double seconds) {
  const auto s = static_cast<std::uint64_t>(seconds);
  if (s < 60) return fmt::format("{} s", s);
  return s < 3600 ? fmt::format("{}:{:02} min", s / 60, s % 60)
                  : fmt::format("{}:{:02} h", s / 3600, s / 60 % 60);
}

}  // namespace

SweepMeter::SweepMeter() : terminal_(isatty(STDERR_FILENO) != 0), begin_(Clock::now()), last_(begin_) {}

SweepMeter::~SweepMeter() {
  if (terminal_ && shown_) std::cerr << '\n';
}

void SweepMeter::show(const SweepProgress& p) {
  const double between = terminal_ ? 0.2 : 10;
  const Clock::time_point now = Clock::now();
  if (std::chrono::duration<double>(now - last_).count() < between) return;
  last_ = now;
  if (!shown_) first_done_ = p.done;
  shown_ = true;
  const double spent = std::chrono::duration<double>(now - begin_).count();
  const double rate = static_cast<double>(p.done - std::min(p.done, first_done_)) / spent;
  std::string line = fmt::format("{}: {} of {}", p.stage, p.done, p.total);
  if (p.failed > 0) line += fmt::format(", {} failed", p.failed);
  if (rate > 0)
    line += fmt::format(", {:.3g} a second, {} left", rate,
                        clock_time(static_cast<double>(p.total - p.done) / rate));
  if (!terminal_) {
    std::cerr << line << '\n';
    return;
  }
  constexpr std::size_t kBar = 30;
  const std::size_t full = p.total == 0 ? kBar : kBar * p.done / p.total;
  std::cerr << "\r[" << std::string(full, '#') << std::string(kBar - full, '.') << "] " << line << "\x1b[K"
            << std::flush;
}

}  // namespace orrery
