#pragma once
// What several devices do together on their links.

#include <cstdint>
#include <string>

namespace orrery {

enum class CollectiveOperation : std::uint8_t {
  all_reduce,
  all_gather,
  reduce_scatter,
  all_to_all,
  broadcast,
  send_recv,  // the first device's array to the second
  shift,      // each device's array to the next one, round a ring
};

// Devices that take part, and how far apart they are numbered. Those between belong to groups like it, which
// do the same at the same time.
struct DeviceGroup {
  std::uint32_t devices = 1;
  std::uint32_t stride = 1;

  DeviceGroup() = default;
  DeviceGroup(std::uint32_t n, std::uint32_t apart = 1)  // NOLINT(google-explicit-constructor)
      : devices(n), stride(apart) {}
  std::uint32_t span() const { return devices > 1 ? devices * stride : 1; }
};

const char* to_string(CollectiveOperation operation);
// Throws ConfigError.
CollectiveOperation parse_collective_operation(const std::string& name);

}  // namespace orrery
