#include "sim/timing/storage_timing.h"

#include <algorithm>

namespace orrery {

double storage_seconds(const StorageSpec& storage, double reads, double bytes) {
  if (reads <= 0 || bytes <= 0) return 0;
  const double moving = reads * bytes / storage.read_bytes_per_s;
  return 1e-6 * storage.latency_us + std::max(moving, reads / storage.reads_per_s);
}

}  // namespace orrery
