#pragma once
// Machines that stand for all in tests over many random operators: one of each kind and family.

#include <string>
#include <vector>

namespace orrery::test {

inline std::vector<std::string> property_machines() {
  return {"asic/edge-npu",    "asic/mesh-npu",     "asic/tpu-v3",       "asic/tpu-v4i", "asic/tpu-v5e",
          "fpga/u280-x4-dfx", "gpu/a100-sxm-40gb", "gpu/a100-sxm-80gb", "gpu/h100-sxm"};
}

}  // namespace orrery::test
