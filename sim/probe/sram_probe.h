#pragma once
// Micro-benchmark of on-chip memories, line by line and bank by bank: all cores access words in a pattern
// over a footprint. Streams through a machine's own path: level_stream_probe.h.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/config/open_document.h"
#include "sim/config/sram_spec.h"

namespace orrery {

// The memories of a machine, scratchpads as the private level, as far as its file describes them. A level's
// latency is from the one before: a machine's are load to use, its network included.
SramHierarchySpec sram_hierarchy_of(const ArchSpec& arch);
// A level as a file says it, in cycles of the file's clock.
struct SramLevelKeys : SramLevelSpec {
  bool is_private = false;
  double latency_cycles = 1, far_latency_cycles = 0;
  SramLevelKeys() { slices = 1; }
};
template <>
const Table& table_of<SramLevelKeys>();
struct SramKeys {
  std::optional<std::string> machine;
  double clock_hz = 1e9;
  std::uint32_t cores = 1;
  double memory_latency_cycles = 0, memory_bytes_per_cycle = 0;
  std::vector<SramLevelKeys> levels;
};
template <>
const Table& table_of<SramKeys>();

inline constexpr DocumentKind kSram = {"orrery/sram/1", "memory hierarchy", "sram", &table_of<SramKeys>};

// Levels from a YAML file (schema orrery/sram/1); `private_levels` is set from it. With `machine` the file
// says what is private to a core and the machine the rest. Throws ConfigError.
SramHierarchySpec load_sram(const std::string& path, std::uint32_t& private_levels);

struct SramProbe {
  SramHierarchySpec hierarchy;
  std::uint32_t private_levels = 1;
  std::string pattern = "stride_4";  // stride_N (bytes), rand, chase (each waits for the one before)
  std::uint64_t footprint_bytes = 64 * 1024;
  std::uint32_t cores = 1;
  std::uint32_t access_bytes = 4;
  std::uint32_t lanes = 32;        // accesses a core makes at once
  std::uint32_t outstanding = 64;  // groups of them under way
  std::uint64_t accesses = 20000;  // a core, after as many to warm up
  double write_share = 0;
  std::uint64_t pinned_bytes = 0;  // of the footprint, in the last level
  std::uint64_t seed = 1;
};

struct SramLevelResult {
  std::string name;
  double hit_rate = 0;
  std::uint64_t write_backs = 0, far = 0;
  double conflict_cycles = 0;  // an access, mean
};

struct SramProbeResult {
  double latency_cycles = 0;  // of an access, mean
  double bytes_per_cycle = 0;
  double gb_per_s = 0;
  std::vector<SramLevelResult> levels;
};

// Bytes of a block of the pattern stream_N; 0 of another pattern.
std::uint64_t stream_block(const std::string& pattern);

SramProbeResult run_sram_probe(const SramProbe& probe);

}  // namespace orrery
