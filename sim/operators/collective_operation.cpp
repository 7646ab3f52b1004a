#include "sim/operators/collective_operation.h"

#include <array>

#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

constexpr std::array<const char*, 6> kOperations = {"all_reduce", "all_gather", "reduce_scatter",
                                                    "all_to_all", "broadcast",  "send_recv"};

}  // namespace

const char* to_string(CollectiveOperation operation) {
  return kOperations[static_cast<std::size_t>(operation)];
}

CollectiveOperation parse_collective_operation(const std::string& name) {
  for (std::size_t i = 0; i < kOperations.size(); ++i) {
    if (name == kOperations[i]) return static_cast<CollectiveOperation>(i);
  }
  throw ConfigError(
      "", "unknown collective '" + name + "'" + did_you_mean(name, {kOperations.begin(), kOperations.end()}) +
              "; expected all_reduce, all_gather, reduce_scatter, all_to_all, broadcast or send_recv");
}

}  // namespace orrery
