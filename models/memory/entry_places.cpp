#include "models/memory/entry_places.h"

#include <algorithm>
#include <utility>

namespace orrery {

void EntryPlaces::begin(const Program& /*program*/, const OnChip& on_chip) {
  on_chip_ = on_chip;
  ranges_ = 0;
}

TileRange EntryPlaces::range(TensorId tensor, std::vector<Bytes> tile_bytes) {
  TileRange range;
  range.tensor = tensor;
  range.tile_bytes = std::move(tile_bytes);
  for (const ResidentTensor& r : on_chip_.tensors) {
    if (r.tensor != tensor) continue;
    range.resident_bytes = r.bytes;
    range.dirty_bytes = r.dirty_bytes;
    found_.push_back(tensor);
  }
  return range;
}

void EntryPlaces::begin_levels(const std::vector<TileRange>& ranges) {
  ranges_ = ranges.size();
  shared_->begin(ranges, on_chip_.dirty_beside(found_));
}

void EntryPlaces::place(const KernelLaunch& launch, std::vector<PlacedKernel>& kernels) {
  for (PlacedKernel& placed : kernels) {
    placed.inputs.assign(placed.kernel->inputs.size(), {});
    placed.outputs.assign(placed.kernel->outputs.size(), {});
  }
  if (shared_ == nullptr) return;
  found_.clear();
  std::vector<TileRange> ranges;
  std::uint64_t first = 0;
  const auto place_all = [&](std::vector<KernelOperand> TileKernel::*operands,
                             std::vector<TilePlaces> PlacedKernel::*places) {
    for (std::size_t i = 0; i < (launch.front().*operands).size(); ++i) {
      std::vector<Bytes> sizes;
      for (PlacedKernel& placed : kernels) {
        const TileKernel& kernel = *placed.kernel;
        const KernelOperand& operand = (kernel.*operands)[i];
        const std::uint64_t tiles = operand_tile_count(kernel, operand);
        (placed.*places)[i] = {first + sizes.size(), 1};
        sizes.reserve(sizes.size() + tiles);
        for (std::uint64_t t = 0; t < tiles; ++t) sizes.push_back(operand_bytes_at(kernel, operand, t));
      }
      first += sizes.size();
      ranges.push_back(range((launch.front().*operands)[i].tensor, std::move(sizes)));
    }
  };
  place_all(&TileKernel::inputs, &PlacedKernel::inputs);
  place_all(&TileKernel::outputs, &PlacedKernel::outputs);
  begin_levels(ranges);
}

EntryPlaces::Arrays EntryPlaces::place(const std::vector<Bytes>& pieces) {
  if (shared_ == nullptr) return {};
  found_.clear();
  const std::vector<TileRange> ranges = {range(TensorId{0}, pieces), range(TensorId{1}, pieces)};
  begin_levels(ranges);
  return {0, static_cast<std::uint32_t>(pieces.size())};
}

// Takes over what the levels hold: the tensors placed as found there, the others less what had to leave.
void EntryPlaces::done() {
  if (shared_ == nullptr) return;
  const Bytes before = on_chip_.dirty_beside(found_);
  on_chip_.write_back(before - std::min(before, shared_->foreign_dirty_bytes()), found_);
  found_.clear();
  for (std::size_t i = 0; i < ranges_; ++i) on_chip_.hold(shared_->resident(i));
}

}  // namespace orrery
