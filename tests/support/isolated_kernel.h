#pragma once
// One operator on a machine in a process of its own: tests compare machines, a process elaborates one.

#include <cstring>
#include <string>

#include "sim/engine/isolate.h"
#include "sim/engine/kernel_run.h"

namespace orrery::test {

struct IsolatedKernel {
  double latency_s = 0;
  ActivityCounts counts;
};

inline IsolatedKernel isolated_kernel(const Operator& op, const ArchSpec& arch,
                                      Fidelity fidelity = Fidelity::tile) {
  const auto simulate = [&] {
    RunnerOptions options;
    options.fidelity = fidelity;
    const KernelResult r = run_kernel(op, arch, options);
    const IsolatedKernel bare{r.latency_s, r.counts};
    std::string bytes(sizeof bare, '\0');
    std::memcpy(bytes.data(), &bare, sizeof bare);
    return bytes;
  };
  IsolatedKernel kernel;
  std::memcpy(static_cast<void*>(&kernel), run_isolated({simulate}, 1).front().data(), sizeof kernel);
  return kernel;
}

}  // namespace orrery::test
