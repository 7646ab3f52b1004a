#pragma once
// Schedules of a training iteration's micro-batches over the stages of a pipeline: one forward, one backward
// (1F1B), and interleaved, where each device has several chunks of layers (Narayanan et al., SC'21, section
// 2.2).

#include <cstdint>
#include <vector>

namespace orrery {

// Seconds of one micro-batch through a chunk of layers.
struct ChunkTimes {
  double forward = 0, backward = 0;
};

// Micro-batches whose forward pass a device makes before its first backward one, a chunk each.
std::uint64_t warm_up(std::uint64_t devices, std::uint64_t chunks, std::uint64_t device,
                      std::uint64_t micro_batches);

// From the first forward to the last backward pass. `times[d][c]`: of chunk c on device d; the model's layers
// lie on chunk 0 of all devices, then on chunk 1, and so on. With several chunks `micro_batches` is a
// multiple of the devices.
double pipeline_seconds(const std::vector<std::vector<ChunkTimes>>& times, std::uint64_t micro_batches);

}  // namespace orrery
