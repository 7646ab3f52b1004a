#pragma once
// Stretches of a kernel that repeat: what each did and how long it took, and when some in a row are alike
// enough to say how long the next ones will take.

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/stats/activity_counts.h"
#include "sim/util/amount.h"
#include "sim/util/units.h"

namespace orrery {

// What a byte takes of DRAM, and of whatever lies behind the innermost shared level, at their nominal rates;
// and what the shared levels hold.
struct MemoryPace {
  Bytes shared_bytes;
  double dram_fs_per_byte = 0;
  double behind_fs_per_byte = 0;
};

struct Stretch {
  Femtoseconds time = 0;
  Femtoseconds backlog = 0;  // that the memory has at its end
  ActivityCounts counts;
  std::uint64_t elements =
      0;  // of the results of whole items done in it; what is counted runs ahead of those
};
// Stretches of one kind, one after the other, and where the one under way began.
struct StretchWatch {
  Femtoseconds begin = 0;
  ActivityCounts counts_then;
  std::uint64_t seen = 0;
  std::vector<Stretch> history;

  void start(Femtoseconds at, const ActivityCounts& counts);
  // The stretch that ends here; the next one begins.
  Stretch end(Femtoseconds at, Femtoseconds backlog, const ActivityCounts& counts);
  void remember(const Stretch& stretch);
  void forget();
};
// Several like stretches together.
struct Pattern {
  Femtoseconds time = 0;
  ActivityCounts counts;
  std::uint64_t stretches = 0;
  std::uint64_t period = 1;  // stretches after which it comes round
  std::uint64_t elements = 0;
  void add(const Stretch& s) {
    time += s.time;
    counts += s.counts;
    elements += s.elements;
    ++stretches;
  }
};

// Whether `counts` of so many stretches are the pattern's work, of a kernel with so many buffers an item.
bool same_work(const Pattern& pattern, const ActivityCounts& counts, std::uint64_t stretches,
               std::uint32_t pipeline_stages, const MemoryPace& pace);

// Whether the end of a history is a pattern: two halves, of one, two or four stretches each, that did the
// same work in the same time. `inside_items`: stretches are stages of items under way, not whole items.
std::optional<Pattern> pattern_of(const std::vector<Stretch>& history, bool inside_items,
                                  std::uint32_t pipeline_stages, const MemoryPace& pace);

}  // namespace orrery
