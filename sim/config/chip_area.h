#pragma once
// The area of a chip from its description, block by block: multiply-accumulate arrays and memories of the
// cores, the shared buffer, the network's wires, memory and link interfaces. What a core needs beside
// arithmetic and memory is one factor. Left out: floor planning, analogue blocks, scribe lines.

#include "sim/config/arch_spec.h"
#include "sim/config/technology.h"

namespace orrery {

// mm2.
struct AreaBreakdown {
  double cores = 0, network = 0, shared_buffer = 0, memory_phy = 0, memory_control = 0, links = 0, other = 0;
  double total() const {
    return cores + network + shared_buffer + memory_phy + memory_control + links + other;
  }
};

// HBM: on an interposer, a stack at a time.
bool has_stacked_memory(const ArchSpec& arch);
// How many, of a machine that has_stacked_memory.
std::uint32_t memory_stacks(const ArchSpec& arch);

// Throws ConfigError: no such technology node.
AreaBreakdown chip_area(const ArchSpec& arch, const Technology& technology);

// The published area of the die where the machine file has it, the model's otherwise.
double die_area_mm2(const ArchSpec& arch, const Technology& technology);

}  // namespace orrery
