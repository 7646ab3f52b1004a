#include "sim/engine/conservation.h"

#include <fmt/format.h>

#include "sim/util/errors.h"

namespace orrery {
namespace {

constexpr Femtoseconds kLatestStart = 9'000'000'000'000'000'000;  // 9000 s: the clock saturates at 9223 s

}  // namespace

void check_clock(Femtoseconds start) {
  if (start > kLatestStart) throw SimulationError("machine", "more than 9000 s simulated in one process");
}

void check_idle(const ArchSpec& arch, const std::vector<const Component*>& components) {
  std::string stuck;
  for (const Component* component : components) {
    if (!component->idle()) stuck += (stuck.empty() ? "" : "; ") + component->waiting_for();
  }
  if (!stuck.empty()) throw SimulationError(arch.name, "no event is left, yet " + stuck);
}

void check_program(const ArchSpec& arch, const Program& program, const ActivityCounts& counts) {
  std::uint64_t macs = 0;
  std::uint64_t stored = 0;
  for (const Task& task : program.tasks) {
    const auto* launch = std::get_if<KernelLaunch>(&task.work);
    if (launch == nullptr) return;  // a collective stores too
    for (const TileKernel& kernel : launch->kernels()) {
      macs += kernel.useful_macs;
      stored += stored_bytes(kernel);
    }
  }
  if (counts.total_macs() != macs) {
    throw SimulationError(arch.name,
                          fmt::format("{} MACs done, the program has {}", counts.total_macs(), macs));
  }
  if (counts.requested_write_bytes != stored) {
    throw SimulationError(
        arch.name, fmt::format("{} bytes stored, the program has {}", counts.requested_write_bytes, stored));
  }
}

void check_conservation(const ArchSpec& arch, const ActivityCounts& c) {
  const auto require = [&](const char* what, std::uint64_t asked, std::uint64_t served) {
    if (asked == served) return;
    throw SimulationError(arch.name, fmt::format("{}: {} bytes asked, {} served", what, asked, served));
  };
  require("network", c.requested_read_bytes + c.requested_write_bytes, c.noc_bytes);
  if (arch.shared_buffer) {
    require("shared buffer reads", c.requested_read_bytes - c.multicast_bytes, c.shared_read_bytes);
    require("shared buffer writes", c.requested_write_bytes, c.shared_write_bytes);
    // What a level misses or passes on, the next one serves.
    require("levels behind it and DRAM, reads", c.shared_fill_bytes + c.outer_fill_bytes,
            c.outer_read_bytes + c.dram_read_bytes);
    require("levels behind it and DRAM, writes", c.shared_writeback_bytes + c.outer_writeback_bytes,
            c.outer_write_bytes + c.dram_write_bytes);
  } else {
    require("DRAM reads", c.requested_read_bytes - c.multicast_bytes, c.dram_read_bytes);
    require("DRAM writes", c.requested_write_bytes, c.dram_write_bytes);
  }
}

}  // namespace orrery
