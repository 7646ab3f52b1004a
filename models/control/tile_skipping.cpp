#include "models/control/tile_skipping.h"

#include <algorithm>
#include <utility>

namespace orrery {
namespace {

MemoryPace pace_of(const ArchSpec& arch) {
  MemoryPace pace;
  pace.shared_bytes = Bytes{arch.shared_capacity_bytes()};
  pace.dram_fs_per_byte = kFsPerSecond / arch.dram.peak_bytes_per_s();
  pace.behind_fs_per_byte = pace.dram_fs_per_byte;
  if (arch.shared_levels.size() > 1) {
    const SramLevelSpec& next = arch.shared_levels[1];
    pace.behind_fs_per_byte = kFsPerSecond / (next.sustained_bytes_per_cycle() * arch.clock_hz);
  }
  return pace;
}

// What an element of an element-wise kernel asks of the lanes of all its cores together; 0 of others.
double lanes_fs(const ArchSpec& arch, const TileKernel& kernel) {
  if (!kernel.matrix_steps.empty()) return 0;
  const VectorUnitSpec& unit = arch.cores.vector;
  double cycles = 0;
  for (const VectorStep& step : kernel.vector_steps) {
    cycles +=
        std::max(step.cost.simple_ops / unit.lanes, step.cost.transcendental_ops / unit.transcendental_lanes);
  }
  return cycles / kernel.cores_used * kFsPerSecond / arch.clock_hz;
}

}  // namespace

TileSkipping::TileSkipping(const ArchSpec& arch, const ActivityCounts& counts,
                           std::vector<ComputeTile*> tiles, SharedLevels* shared, const DramController& dram)
    : arch_(arch), tiles_(std::move(tiles)), shared_(shared), dram_(dram), forward_(counts, pace_of(arch)) {}

void TileSkipping::begin(const KernelRun& run, bool allowed, Femtoseconds start) {
  forecast_.begin(*run.launch, run.kernels, shared_);
  forward_.begin(*run.launch, allowed, arch_.cores.prefetch_across_items, dram_.write_batch(),
                 lanes_fs(arch_, run.launch->front()), forecast_, *run.queue, *this, start);
}

void TileSkipping::positions(std::vector<SlotPosition>& out) const {
  for (const ComputeTile* tile : tiles_) tile->positions(out);
}

void TileSkipping::jump(std::uint64_t stages) {
  for (ComputeTile* tile : tiles_) tile->jump(stages);
}

void TileSkipping::under_way(std::vector<SlotPosition>& out) const {
  for (const ComputeTile* tile : tiles_) tile->under_way(out);
}

void TileSkipping::shift(const std::vector<std::uint64_t>& places, const std::vector<std::uint64_t>& goals) {
  for (ComputeTile* tile : tiles_) tile->shift(places, goals);
}

}  // namespace orrery
