#pragma once
// What the die has beyond what is simulated, for its area, and blocks of it whose area was published.

#include <cstdint>
#include <string>
#include <vector>

#include "sim/describe/fields.h"

namespace orrery {

// A block as it was synthesised.
struct DieBlock {
  std::string name;
  double in_core = 0, on_die = 0;  // how many
  double um2 = 0, leakage_mw = 0;  // of one

  double count(std::uint32_t cores) const { return in_core * cores + on_die; }
};
template <>
const Table& table_of<DieBlock>();

// 0 = as the simulated machine.
struct DieSpec {
  std::uint32_t cores = 0;  // spare ones included
  std::uint64_t shared_bytes = 0;
  std::uint32_t memory_stacks = 0;
  std::uint64_t register_file_bytes = 0;  // a core
  std::uint64_t instruction_cache_bytes = 0;
  double fp64_macs_per_cycle = 0;  // a core
  double link_gb_per_s = 0;        // per direction
  bool fixed_function = false;     // nothing in a core is programmed
  bool host_memory = false;        // the memory is a host's: no interfaces to it are on this die
  std::vector<DieBlock> blocks;  // all that its cores, shared memory and network are; none: they are modelled

  // mm2 and W of the blocks, of a machine with so many cores.
  double blocks_mm2(std::uint32_t core_count) const;
  double blocks_leakage_w(std::uint32_t core_count) const;
};
template <>
const Table& table_of<DieSpec>();

}  // namespace orrery
