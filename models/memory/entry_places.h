#pragma once
// Tensors at fidelity `tile`: each tile is an entry of the shared levels while its kernel runs; between
// kernels what they hold is kept a tensor.

#include "models/memory/shared_levels.h"
#include "models/memory/tensor_places.h"

namespace orrery {

class EntryPlaces : public TensorPlaces {
 public:
  // `shared` may be null: then nothing has an entry. It must outlive this.
  explicit EntryPlaces(SharedLevels* shared) : shared_(shared) {}

  void begin(const Program& program, const OnChip& on_chip) override;
  void place(const KernelLaunch& launch, std::vector<PlacedKernel>& kernels) override;
  void done() override;
  OnChip on_chip() const override { return on_chip_; }

  // The arrays that a collective reads (tensor 0) and writes (tensor 1), cut into `pieces`: their first
  // entries.
  struct Arrays {
    std::uint32_t input = kNoEntry, output = kNoEntry;
  };
  Arrays place(const std::vector<Bytes>& pieces);

 private:
  SharedLevels* shared_;
  OnChip on_chip_;
  std::vector<TensorId> found_;  // of the tensors placed, those with data on chip
  std::size_t ranges_ = 0;       // placed

  void begin_levels(const std::vector<TileRange>& ranges);
  TileRange range(TensorId tensor, std::vector<Bytes> tile_bytes);
};

}  // namespace orrery
