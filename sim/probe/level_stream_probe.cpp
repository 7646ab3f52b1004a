#include "sim/probe/level_stream_probe.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/engine/machine.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

constexpr std::uint64_t kLoads = 512;  // a core, measured at least

// Loads that a core has under way.
std::uint32_t buffers_of(const ArchSpec& arch, const LevelStreamProbe& probe) {
  if (probe.chase) return 1;
  const std::uint64_t room = arch.cores.scratchpad.size_bytes / probe.block_bytes;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(arch.cores.max_pipeline_stages, room));
}

// A kernel of `passes` over the footprint by each core.
TileKernel stream_kernel(const LevelStreamProbe& probe, std::uint32_t buffers, std::uint64_t passes) {
  TileKernel kernel;
  kernel.m = probe.cores * passes;
  kernel.tile_m = 1;
  kernel.k = ceil_div(probe.footprint_bytes, probe.block_bytes);
  kernel.tile_k = 1;
  kernel.cores_used = probe.cores;
  KernelOperand data;
  data.tensor = TensorId{0};
  data.by_k = true;
  data.rows = fixed_length(1);
  data.cols = fixed_length(probe.block_bytes);
  data.bits = ElementBits::of(8);
  data.tensor_bytes = Bytes{kernel.k * probe.block_bytes};
  kernel.inputs = {data};
  kernel.stage_bytes = Bytes{probe.block_bytes};
  kernel.pipeline_stages = buffers;
  return kernel;
}

}  // namespace

LevelStreamProbe level_stream_of(const SramProbe& probe) {
  LevelStreamProbe stream;
  stream.footprint_bytes = probe.footprint_bytes;
  stream.cores = probe.cores;
  stream.chase = probe.pattern == "chase";
  stream.block_bytes = stream.chase ? probe.hierarchy.levels.back().line_bytes : stream_block(probe.pattern);
  if (stream.block_bytes == 0)
    throw ConfigError(
        "", "pattern '" + probe.pattern + "': fidelity tile moves blocks, stream_N (N bytes) or chase");
  return stream;
}

SramProbeResult run_level_stream_probe(const ArchSpec& arch, const LevelStreamProbe& probe) {
  if (probe.cores == 0 || probe.cores > arch.cores.count)
    throw ConfigError("", fmt::format("{} cores asked for; there are {}", probe.cores, arch.cores.count));
  if (probe.block_bytes == 0 || probe.block_bytes > arch.cores.scratchpad.size_bytes)
    throw ConfigError("", fmt::format("blocks of {} bytes; a core of {} holds 1 to {}", probe.block_bytes,
                                      arch.name, arch.cores.scratchpad.size_bytes));
  if (probe.footprint_bytes < probe.block_bytes)
    throw ConfigError("", "the footprint is smaller than a block");
  Machine machine(arch);
  const std::uint64_t blocks = ceil_div(probe.footprint_bytes, probe.block_bytes);
  const std::uint32_t buffers = buffers_of(arch, probe);
  const std::uint64_t passes = std::max<std::uint64_t>(2, ceil_div(kLoads, blocks));
  const auto run = [&](std::uint64_t times) {
    Program program;
    program.tasks.push_back({stream_kernel(probe, buffers, times), {}});
    OnChip warm;
    warm.hold({TensorId{0}, Bytes{std::min(blocks * probe.block_bytes, arch.shared_capacity_bytes())}, {}});
    return machine.run(program, warm, false);
  };
  // What starting and ending cost is in both.
  const ProgramOutcome once = run(passes);
  const ProgramOutcome twice = run(2 * passes);
  const double seconds = to_seconds(twice.time - once.time);
  const ActivityCounts counts = twice.counts - once.counts;
  const auto bytes = static_cast<double>(counts.requested_read_bytes);
  SramProbeResult result;
  result.gb_per_s = bytes / seconds * 1e-9;
  result.bytes_per_cycle = bytes / (seconds * arch.clock_hz);
  const double in_flight = static_cast<double>(buffers) * probe.cores;
  const double loads = bytes / static_cast<double>(probe.block_bytes);
  result.latency_cycles = seconds * arch.clock_hz * in_flight / loads;
  for (std::size_t i = 0; i < arch.shared_levels.size(); ++i) {
    const LevelCounts& level = counts.levels[i];
    SramLevelResult of;
    of.name = arch.shared_levels[i].name;
    if (level.read_bytes > 0)
      of.hit_rate = 1 - static_cast<double>(level.fill_bytes) / static_cast<double>(level.read_bytes);
    of.write_backs = level.writeback_bytes;
    result.levels.push_back(of);
  }
  return result;
}

}  // namespace orrery
