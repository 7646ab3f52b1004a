#include "sim/timing/network_timing.h"

#include <algorithm>

namespace orrery {

Cycles hop_cycles(const NocSpec& spec) {
  return Cycles{spec.router.pipeline_cycles() + spec.link_latency};
}

double mean_hops(const NocSpec& spec) {
  const double k = spec.k;
  const double n = spec.n;
  switch (spec.topology) {
    case NocTopology::mesh:
      return n * k / 3 + 1;
    case NocTopology::torus:
      return n * k / 4 + 1;
    case NocTopology::butterfly:
    case NocTopology::crossbar:
      return n;
    case NocTopology::hierarchical:
      return 2 * n - 1;
    case NocTopology::graph:
      return std::max(1.0, spec.routers / 2.0);
  }
  return 1;
}

double network_latency_ns(const NetworkSpec& spec, double clock_hz) {
  if (!spec.routed) return spec.latency_ns;
  return mean_hops(*spec.routed) * hop_cycles(*spec.routed).real() / clock_hz * 1e9;
}

}  // namespace orrery
