#pragma once
// What reads of storage take.

#include "sim/config/storage_spec.h"

namespace orrery {

// `reads` pieces that are alike, of `bytes` each, scattered: the device's rate or that of its reads, and one
// read's latency before the first is there. Nothing: no time.
double storage_seconds(const StorageSpec& storage, double reads, double bytes);

}  // namespace orrery
