#pragma once
// Events of a PyTorch profile, taken out of its JSON one by one: the file may be larger than memory.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/workload/formats/torch_operator.h"

namespace orrery {

// What c10d says of a collective.
struct KinetoCollective {
  std::string name, dtype;  // "allreduce", "BFloat16"
  std::uint64_t in_elements = 0, out_elements = 0;
  std::optional<std::uint64_t> group_size;
  std::string ranks;  // "[0, 2, ...]", where it is said
};

struct KinetoEvent {
  enum class Kind : std::uint8_t { host, kernel } kind = Kind::host;
  double begins_us = 0, lasts_us = 0;
  std::string thread;
  TorchCall call;
  std::optional<std::uint64_t> external;  // the operator that a kernel is of
  std::optional<KinetoCollective> collective;
};

struct KinetoProfile {
  std::vector<KinetoEvent> events;  // in the order in which they begin
  std::uint64_t steps = 0;          // of the profiler
  std::optional<std::uint64_t> devices;
};

// Throws ConfigError.
KinetoProfile read_kineto_events(const std::filesystem::path& file);

}  // namespace orrery
