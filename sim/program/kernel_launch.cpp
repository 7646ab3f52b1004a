#include "sim/program/kernel_launch.h"

#include <algorithm>

namespace orrery {

KernelLaunch::KernelLaunch(TileKernel kernel) : KernelLaunch(std::vector<TileKernel>{std::move(kernel)}) {}

KernelLaunch::KernelLaunch(std::vector<TileKernel> kernels) : kernels_(std::move(kernels)) {
  std::uint64_t items = 0;
  for (const TileKernel& kernel : kernels_) {
    first_.push_back(items);
    items += kernel.items();
  }
  first_.push_back(items);
}

WorkItem KernelLaunch::item_of_several(std::uint64_t index) const {
  const auto next = std::upper_bound(first_.begin(), first_.end(), index);
  const auto kernel = static_cast<std::size_t>(next - first_.begin()) - 1;
  WorkItem item = work_item(kernels_[kernel], index - first_[kernel]);
  item.index = index;
  item.kernel = static_cast<std::uint32_t>(kernel);
  return item;
}

Bytes KernelLaunch::scratchpad_bytes(bool dedicated_accumulators) const {
  Bytes most;
  for (const TileKernel& kernel : kernels_)
    most = std::max(most, kernel.scratchpad_bytes(dedicated_accumulators));
  return most;
}

Bytes KernelLaunch::input_bytes() const {
  Bytes bytes;
  for (const TileKernel& kernel : kernels_) {
    for (const KernelOperand& operand : kernel.inputs) bytes += operand.tensor_bytes;
  }
  return bytes;
}

}  // namespace orrery
