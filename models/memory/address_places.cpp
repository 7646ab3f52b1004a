#include "models/memory/address_places.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr std::uint64_t kBoundary = 1 << 16;

}  // namespace

// Where the tiles of operand `index` lie, of each kernel of a launch.
std::vector<TilePlaces> AddressPlaces::places_of(const KernelLaunch& launch, Operands operands,
                                                 std::size_t index) {
  std::vector<TilePlaces> places;
  std::uint64_t bytes = 0;
  std::uint64_t tensor_bytes = 0;
  for (const TileKernel& kernel : launch.kernels()) {
    const KernelOperand& operand = (kernel.*operands)[index];
    // The first tile is the largest.
    const std::uint64_t stride = round_up(
        std::max<std::uint64_t>(1, operand_bytes_at(kernel, operand, 0).value()), memory_.line().value());
    places.push_back({bytes, stride});
    bytes += operand_tile_count(kernel, operand) * stride;
    tensor_bytes += operand.tensor_bytes.value();
  }
  bytes = std::max(bytes, tensor_bytes);
  Place& known = tensors_[(launch.front().*operands)[index].tensor.value];
  if (known.bytes < bytes) {
    known = {next_, bytes};
    next_ += round_up(bytes, kBoundary);
  }
  for (TilePlaces& p : places) p.first += known.address;
  return places;
}

// All tensors first: one that a later kernel cuts into more bytes moves.
void AddressPlaces::begin(const Program& program, const OnChip& on_chip) {
  tensors_.clear();
  next_ = 0;
  for (const Task& task : program.tasks) {
    const auto* launch = std::get_if<KernelLaunch>(&task.work);
    if (launch == nullptr) continue;
    for (const auto operands : {&TileKernel::inputs, &TileKernel::outputs}) {
      for (std::size_t i = 0; i < (launch->front().*operands).size(); ++i) places_of(*launch, operands, i);
    }
  }
  std::vector<ResidentRange> ranges;
  Bytes others = on_chip.other_dirty_bytes;
  for (const ResidentTensor& r : on_chip.tensors) {
    const auto known = tensors_.find(r.tensor.value);
    if (known == tensors_.end()) {
      others += r.dirty_bytes;
    } else {
      ranges.push_back({known->second.address, Bytes{known->second.bytes}, r.bytes, r.dirty_bytes});
    }
  }
  memory_.begin(ranges, others);
}

void AddressPlaces::place(const KernelLaunch& launch, std::vector<PlacedKernel>& kernels) {
  const auto place_all = [&](Operands operands, std::vector<TilePlaces> PlacedKernel::*places) {
    for (std::size_t i = 0; i < (launch.front().*operands).size(); ++i) {
      const std::vector<TilePlaces> of_each = places_of(launch, operands, i);
      for (std::size_t k = 0; k < of_each.size(); ++k) (kernels[k].*places).push_back(of_each[k]);
    }
  };
  place_all(&TileKernel::inputs, &PlacedKernel::inputs);
  place_all(&TileKernel::outputs, &PlacedKernel::outputs);
}

OnChip AddressPlaces::on_chip() const {
  OnChip on_chip;
  for (const auto& [tensor, place] : tensors_)
    on_chip.tensors.push_back(memory_.held(TensorId{tensor}, place.address, Bytes{place.bytes}));
  on_chip.other_dirty_bytes = memory_.foreign_dirty_bytes();
  return on_chip;
}

}  // namespace orrery
