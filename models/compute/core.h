#pragma once
// What a core is to the command processor, whatever its fidelity: it prices a kernel's stages with its own
// engines, takes work items, and tells when their results are stored.

#include <vector>

#include "models/compute/placed_kernel.h"
#include "models/control/work_queue.h"
#include "models/core/component.h"
#include "models/core/critical_path.h"

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

class Core : public Component {
 public:
  virtual StageCosts price(const TileKernel& kernel) const = 0;
  // Lays out the kernels' buffers; items start with assign(). Throws SimulationError when they do not fit.
  // `run` must outlive the launch.
  virtual void begin(const KernelRun& run, Femtoseconds start) = 0;
  // Gives slot `slot` its first item, to begin at `t`.
  virtual void assign(std::uint32_t slot, const WorkItem& item, Femtoseconds t) = 0;
};

}  // namespace orrery
