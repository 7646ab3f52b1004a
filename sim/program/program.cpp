#include "sim/program/program.h"

#include <algorithm>

namespace orrery {
namespace {

bool among(const std::vector<TensorId>& tensors, TensorId tensor) {
  return std::find(tensors.begin(), tensors.end(), tensor) != tensors.end();
}

}  // namespace

Bytes OnChip::dirty_beside(const std::vector<TensorId>& running) const {
  Bytes dirty = other_dirty_bytes;
  for (const ResidentTensor& r : tensors) dirty += among(running, r.tensor) ? Bytes{} : r.dirty_bytes;
  return dirty;
}

void OnChip::write_back(Bytes bytes, const std::vector<TensorId>& running) {
  const Bytes others = std::min(bytes, other_dirty_bytes);
  other_dirty_bytes -= others;
  bytes -= others;
  for (ResidentTensor& r : tensors) {
    if (among(running, r.tensor)) continue;
    const Bytes leaves = std::min(bytes, r.dirty_bytes);
    r.dirty_bytes -= leaves;
    r.bytes -= std::min(r.bytes, leaves);
    bytes -= leaves;
  }
}

void OnChip::hold(const ResidentTensor& tensor) {
  const auto known = std::find_if(tensors.begin(), tensors.end(),
                                  [&](const ResidentTensor& r) { return r.tensor == tensor.tensor; });
  if (known != tensors.end()) {
    *known = tensor;
  } else {
    tensors.push_back(tensor);
  }
}

}  // namespace orrery
