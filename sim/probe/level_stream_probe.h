#pragma once
// Streams through a machine's own memory path at fidelity `tile`: its cores, network, shared levels and DRAM
// run a kernel that only loads. What `run` uses is what is measured.

#include "sim/config/arch_spec.h"
#include "sim/probe/sram_probe.h"

namespace orrery {

struct LevelStreamProbe {
  std::uint64_t block_bytes = 0;  // a load
  std::uint64_t footprint_bytes = 64 * 1024;
  std::uint32_t cores = 1;  // each reads all of the footprint, again and again
  bool chase = false;       // a load waits for the one before
};

// What a probe of memories is where it runs on a machine. Throws ConfigError: a pattern other than stream_N
// (blocks of N bytes) and chase (lines).
LevelStreamProbe level_stream_of(const SramProbe& probe);

// Throws ConfigError: more cores than there are, a block that a core cannot hold.
SramProbeResult run_level_stream_probe(const ArchSpec& arch, const LevelStreamProbe& probe);

}  // namespace orrery
