#pragma once
// Where the tensors of a program lie behind the cores' ports, and what of them is on chip before a kernel and
// after it. At fidelity `tile` the shared levels keep entries a tile (entry_places.h), at `cycle` lines of an
// address space (address_places.h).

#include <vector>

#include "models/compute/placed_kernel.h"
#include "sim/program/program.h"

namespace orrery {

class TensorPlaces {
 public:
  virtual ~TensorPlaces() = default;

  // A program begins, with this on chip; it must outlive its run.
  virtual void begin(const Program& program, const OnChip& on_chip) = 0;
  // Sets where the tiles of each operand lie. A tensor is one range: the parts that the kernels have of it
  // stand one behind the other.
  virtual void place(const KernelLaunch& launch, std::vector<PlacedKernel>& kernels) = 0;
  // What was placed last is done: its data stays as it lies.
  virtual void done() = 0;
  // What is on chip now.
  virtual OnChip on_chip() const = 0;
};

}  // namespace orrery
