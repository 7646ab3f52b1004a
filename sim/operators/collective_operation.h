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
  send_recv,
};
const char* to_string(CollectiveOperation operation);
// Throws ConfigError.
CollectiveOperation parse_collective_operation(const std::string& name);

}  // namespace orrery
