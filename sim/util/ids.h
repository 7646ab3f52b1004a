#pragma once
// Index types that cannot be mixed up: a CoreId does not index a channel.

#include <cstddef>
#include <cstdint>

namespace orrery {

template <class Tag>
struct Id {
  std::uint32_t value = 0;
  friend bool operator==(Id a, Id b) { return a.value == b.value; }
  friend bool operator!=(Id a, Id b) { return a.value != b.value; }
  friend bool operator<(Id a, Id b) { return a.value < b.value; }
};

// Memories that all cores share, between them and DRAM.
inline constexpr std::size_t kMostLevels = 4;

using TensorId = Id<struct TensorTag>;
using OperatorId = Id<struct OperatorTag>;
using CoreId = Id<struct CoreTag>;
using ChannelId = Id<struct ChannelTag>;
using DeviceId = Id<struct DeviceTag>;

}  // namespace orrery
