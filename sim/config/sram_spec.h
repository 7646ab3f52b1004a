#pragma once
// On-chip memories from the cores outwards, any number of levels.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace orrery {

struct SramLevelSpec {
  std::uint64_t size_bytes = 0;
  double bytes_per_cycle = 0;    // peak over all slices
  double sustained_share = 1.0;  // of that peak, kept up under uniform load
  double latency_ns = 0;         // to the data, in the near partition
  // A core is near to one partition; the way to another takes longer and may be narrower.
  std::uint32_t partitions = 1;
  double far_latency_ns = 0;
  double far_bytes_per_cycle = 0;  // into a partition; 0 = not a limit
  double bank_kib = 64;            // an access touches one (for its energy)

  // Of single accesses.
  std::string name = "";
  std::uint32_t line_bytes = 128;  // what moves between levels
  std::uint32_t slices = 0;        // of which a line lies in one; 0 = as many as the sustained rate takes
  std::uint32_t banks = 1;         // a slice
  std::uint32_t bank_width_bytes = 32;
  std::uint32_t ports = 1;    // accesses a bank and cycle
  bool write_back = true;     // else writes go through
  bool bypass_reads = false;  // misses do not allocate

  double sustained_bytes_per_cycle() const { return bytes_per_cycle * sustained_share; }
  std::uint32_t slice_count() const {
    return slices > 0
               ? slices
               : std::max(1u, static_cast<std::uint32_t>(sustained_bytes_per_cycle() / bank_width_bytes));
  }
};

struct SramHierarchySpec {
  double clock_hz = 1e9;
  std::uint32_t requesters = 1;  // cores
  std::vector<SramLevelSpec> levels;
  double memory_latency_cycles = 0;  // behind the last level
  double memory_bytes_per_cycle = 0;
};

}  // namespace orrery
