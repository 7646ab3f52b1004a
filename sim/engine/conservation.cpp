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
  Bytes stored;
  for (const Task& task : program.tasks) {
    if (const auto* products = std::get_if<PimTask>(&task.work)) {
      macs += products->macs;
      continue;
    }
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
  if (counts.requested_write_bytes != stored.value()) {
    throw SimulationError(arch.name, fmt::format("{} bytes stored, the program has {}",
                                                 counts.requested_write_bytes, stored.value()));
  }
}

void check_conservation(const ArchSpec& arch, const ActivityCounts& c) {
  const auto require = [&](const std::string& what, std::uint64_t asked, std::uint64_t served) {
    if (asked == served) return;
    throw SimulationError(arch.name, fmt::format("{}: {} bytes asked, {} served", what, asked, served));
  };
  require("network", c.requested_read_bytes + c.requested_write_bytes, c.noc_bytes);
  // What a level misses, the next one serves. What has to leave one may go to DRAM at once.
  std::uint64_t reads = c.requested_read_bytes - c.multicast_bytes;
  std::uint64_t passed_on = c.requested_write_bytes;
  std::uint64_t written = c.dram_write_bytes;
  for (std::size_t i = 0; i < arch.shared_levels.size(); ++i) {
    const LevelCounts& level = c.levels[i];
    require(arch.shared_levels[i].name + ", reads", reads, level.read_bytes);
    reads = level.fill_bytes;
    if (i == 0) {
      require(arch.shared_levels[i].name + ", writes", passed_on, level.write_bytes);
      passed_on = 0;
    } else {
      written += level.write_bytes;
    }
    passed_on += level.writeback_bytes;
  }
  require("DRAM reads", reads, c.dram_read_bytes);
  require("writes behind the shared buffer", passed_on, written);
}

}  // namespace orrery
