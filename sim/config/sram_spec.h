#pragma once
// On-chip memories from the cores outwards, any number of levels.

#include <cstdint>
#include <string>
#include <vector>

namespace orrery {

struct SramLevelSpec {
  std::string name;
  std::uint64_t size_bytes = 0;
  std::uint32_t line_bytes = 128;  // what moves between levels
  std::uint32_t slices = 1;        // of which a line lies in one
  std::uint32_t banks = 1;         // a slice
  std::uint32_t bank_width_bytes = 32;
  std::uint32_t ports = 1;         // accesses a bank and cycle
  double latency_cycles = 1;       // to the data, in the near partition
  std::uint32_t partitions = 1;    // a core is near to one
  double far_latency_cycles = 0;   // on top, to another
  double far_bytes_per_cycle = 0;  // between partitions, each way; 0 = not a limit
  bool write_back = true;          // else writes go through
  bool bypass_reads = false;       // misses do not allocate
};

struct SramHierarchySpec {
  double clock_hz = 1e9;
  std::uint32_t requesters = 1;  // cores
  std::vector<SramLevelSpec> levels;
  double memory_latency_cycles = 0;  // behind the last level
  double memory_bytes_per_cycle = 0;
};

}  // namespace orrery
