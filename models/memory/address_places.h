#pragma once
// Tensors at fidelity `cycle`: each lies from a boundary of its own in one address space, tile after tile.

#include <map>

#include "models/memory/cycle_memory.h"
#include "models/memory/tensor_places.h"

namespace orrery {

class AddressPlaces : public TensorPlaces {
 public:
  // `memory` must outlive this.
  explicit AddressPlaces(CycleMemory& memory) : memory_(memory) {}

  void begin(const Program& program, const OnChip& on_chip) override;
  void place(const KernelLaunch& launch, std::vector<PlacedKernel>& kernels) override;
  void done() override {}  // the memory keeps its lines
  OnChip on_chip() const override;

 private:
  using Operands = std::vector<KernelOperand> TileKernel::*;
  struct Place {
    std::uint64_t address = 0, bytes = 0;
  };
  CycleMemory& memory_;
  std::uint64_t next_ = 0;
  std::map<std::uint32_t, Place> tensors_;

  std::vector<TilePlaces> places_of(const KernelLaunch& launch, Operands operands, std::size_t index);
};

}  // namespace orrery
