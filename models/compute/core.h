#pragma once
// What a core is to the command processor, whatever its fidelity: it prices a kernel's stages with its own
// engines, takes work items, and tells when their results are stored.

#include <vector>

#include "models/compute/placed_kernel.h"
#include "models/control/work_queue.h"
#include "models/core/component.h"
#include "models/core/critical_path.h"
#include "sim/util/amount.h"

namespace orrery {

class FastForward;

// What all cores share while a launch runs.
struct KernelRun {
  const KernelLaunch* launch = nullptr;
  std::vector<PlacedKernel> kernels;  // of the launch
  WorkQueue* queue = nullptr;
  FastForward* forward = nullptr;  // told of stages at fidelity `tile`
};

// Told by the cores; implemented by the command processor.
class ItemListener {
 public:
  virtual ~ItemListener() = default;
  // A work item's results are stored at path.at (>= now).
  virtual void item_done(const CriticalPath& path, Femtoseconds now) = 0;
};

// What one core has done since its program began.
struct CoreWork {
  std::uint64_t macs = 0;        // issued, as 16-bit ones
  std::uint64_t vector_ops = 0;  // transcendental ones included
  Bytes moved;                   // to and from it

  void add(const StageCost& cost) {
    macs += cost.issued_macs;
    add(cost.vector_work);
  }
  void add(const VectorWork& work) { vector_ops += work.simple_ops + work.transcendental_ops; }
};

class Core : public Component {
 public:
  virtual StageCosts price(const TileKernel& kernel) const = 0;
  // Lays out the kernels' buffers; items start with assign(). Throws SimulationError when they do not fit.
  // `run` must outlive the launch.
  virtual void begin(const KernelRun& run, Femtoseconds start) = 0;
  // Gives slot `slot` its first item, to begin at `t`.
  virtual void assign(std::uint32_t slot, const WorkItem& item, Femtoseconds t) = 0;

  const CoreWork& work() const { return work_; }
  void forget_work() { work_ = {}; }

 protected:
  CoreWork work_;
};

}  // namespace orrery
