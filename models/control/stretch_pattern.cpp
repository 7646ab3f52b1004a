#include "models/control/stretch_pattern.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace orrery {
namespace {

// Relative differences of the two halves of a pattern, by how many stretches a half has: more of them average
// out where their boundaries fall.
constexpr double kSameTime[] = {0.005, 0.007, 0.015};
constexpr double kSamePace = 0.01;  // where memory paces
constexpr std::size_t kHalves[] = {1, 2, 4};
constexpr std::size_t kRepeats = 3;    // stretches in a row that did the very same
constexpr double kVerySame = 0.001;    // of their time and traffic
constexpr double kSameWork = 0.01;     // the same of what engines do and cores ask for
constexpr double kSameTraffic = 0.02;  // the same of what buffers miss and write back
constexpr double kLump = 0.06;         // of a stretch's traffic: tiles come and go in lumps
constexpr double kBump = 0.5;          // of a stretch's reads of an idle memory: where a group of tiles ends
constexpr double kNegligible = 1e-4;   // of the bytes asked for: less is no difference
constexpr double kIdle = 0.5;          // a memory busy for less of the time than this does not pace
constexpr double kPaces = 0.6;         // and one busy for more may pace the whole kernel
constexpr double kLittle = 0.03;       // of the time: more or less of it there is no difference
constexpr double kFallsBehind = 0.01;  // of the time: work that memory may have more of at a stretch's end
constexpr std::uint32_t kDeep = 3;     // buffers with which loads run well ahead
constexpr std::size_t kMostHistory = 8;

// Whether the last stretches differ in nothing: nobody falls into step there or out of it.
bool repeats(const std::vector<Stretch>& history) {
  if (history.size() < kRepeats) return false;
  const Stretch& last = history.back();
  const auto same = [](std::uint64_t a, std::uint64_t b) {
    const auto most = static_cast<double>(std::max(a, b));
    return most - static_cast<double>(std::min(a, b)) <= kVerySame * most;
  };
  return std::all_of(history.end() - kRepeats, history.end() - 1, [&](const Stretch& s) {
    return same(static_cast<std::uint64_t>(s.time), static_cast<std::uint64_t>(last.time)) &&
           same(s.counts.dram_read_bytes, last.counts.dram_read_bytes) &&
           same(s.counts.dram_write_bytes, last.counts.dram_write_bytes) &&
           same(s.counts.levels[0].fill_bytes, last.counts.levels[0].fill_bytes);
  });
}

}  // namespace

// Engines, bytes asked for, and what the levels make of them. How much a memory moves matters as far as it is
// busy: tiles come in lumps, which a stretch may have one more or less of.
bool same_work(const Pattern& pattern, const ActivityCounts& counts, std::uint64_t stretches,
               std::uint32_t pipeline_stages, const MemoryPace& pace) {
  using C = ActivityCounts;
  const double share = static_cast<double>(stretches) / static_cast<double>(pattern.stretches);
  // Of a counter: what the pattern makes expect, and what there is.
  struct Both {
    double expected = 0, found = 0;
    double difference() const { return std::abs(expected - found); }
    double most() const { return std::max(expected, found); }
  };
  const auto both = [share](std::uint64_t of_pattern, std::uint64_t here) {
    return Both{static_cast<double>(of_pattern) * share, static_cast<double>(here)};
  };
  const auto counter = [&](std::uint64_t C::*member) { return both(pattern.counts.*member, counts.*member); };
  const auto many = static_cast<double>(stretches);
  for (auto member : {&C::issued_macs, &C::vector_ops, &C::transcendental_ops, &C::requested_read_bytes,
                      &C::requested_write_bytes}) {
    const Both work = counter(member);
    if (work.difference() > kSameWork * work.most()) return false;
  }
  const double asked = kNegligible * (counter(&C::requested_read_bytes).expected +
                                      counter(&C::requested_write_bytes).expected);
  const double time = static_cast<double>(pattern.time) * share;
  // As long as the memory keeps up and loads run well ahead, nothing waits for it: reads may come in bumps
  // that even out, and write-backs when they like.
  const auto same = [&](const Both& reads, const Both& writes, double fs_per_byte) {
    const double busiest =
        std::max(reads.expected + writes.expected, reads.found + writes.found) * fs_per_byte;
    const bool idle = busiest <= kIdle * time;
    for (const Both* traffic : {&reads, &writes}) {
      const double difference = traffic->difference();
      if (difference <= asked || difference <= (kSameTraffic + kLump / many) * traffic->most()) continue;
      if (!idle) return false;
      if (pipeline_stages >= kDeep) {
        if (traffic == &reads && difference > (kSameTraffic + kBump / many) * traffic->most()) return false;
      } else if (difference * fs_per_byte > kLittle * time) {
        return false;
      }
    }
    return true;
  };
  for (std::size_t i = 0; i < kMostLevels; ++i) {
    const LevelCounts& p = pattern.counts.levels[i];
    const LevelCounts& c = counts.levels[i];
    if (!same(both(p.fill_bytes, c.fill_bytes), both(p.writeback_bytes, c.writeback_bytes),
              i == 0 ? pace.behind_fs_per_byte : pace.dram_fs_per_byte))
      return false;
  }
  return same(counter(&C::dram_read_bytes), counter(&C::dram_write_bytes), pace.dram_fs_per_byte);
}

std::optional<Pattern> pattern_of(const std::vector<Stretch>& history, bool inside_items,
                                  std::uint32_t pipeline_stages, const MemoryPace& pace) {
  for (std::size_t i = 0; i < std::size(kHalves); ++i) {
    const std::size_t half = kHalves[i];
    if (history.size() < 2 * half) break;
    Pattern before;
    Pattern after;
    for (std::size_t n = 1; n <= half; ++n) {
      after.add(history[history.size() - n]);
      before.add(history[history.size() - half - n]);
    }
    const double difference = std::abs(static_cast<double>(after.time - before.time));
    // A memory that falls behind will make itself felt.
    const Stretch& last = history.back();
    const Stretch& first = history[history.size() - 1 - half];
    const double behind = static_cast<double>(last.backlog - first.backlog);
    if (std::abs(behind) > kFallsBehind * static_cast<double>(after.time)) continue;
    // Where memory paces, waves fall into step and out of it again: only many of them say how long one takes.
    const double moved = static_cast<double>(after.counts.dram_bytes()) * pace.dram_fs_per_byte;
    const bool paced = moved > kPaces * static_cast<double>(after.time);
    if (paced && i + 1 < std::size(kHalves) && !(inside_items && repeats(history))) continue;
    const double tolerance = paced ? std::min(kSameTime[i], kSamePace) : kSameTime[i];
    if (after.time <= 0 || difference > tolerance * static_cast<double>(after.time)) continue;
    if (!same_work(before, after.counts, half, pipeline_stages, pace)) continue;
    after.time += before.time;
    after.counts += before.counts;
    after.elements += before.elements;
    after.stretches += before.stretches;
    after.period = half;
    return after;
  }
  return std::nullopt;
}

void StretchWatch::start(Femtoseconds at, const ActivityCounts& counts) {
  begin = at;
  counts_then = counts;
}

Stretch StretchWatch::end(Femtoseconds at, Femtoseconds backlog, const ActivityCounts& counts) {
  const Stretch stretch{at - begin, backlog, counts - counts_then, 0};
  start(at, counts);
  ++seen;
  return stretch;
}

void StretchWatch::remember(const Stretch& stretch) {
  if (history.size() == kMostHistory) history.erase(history.begin());
  history.push_back(stretch);
}

void StretchWatch::forget() {
  seen = 0;
  history.clear();
}

}  // namespace orrery
