#pragma once
// Which replica a request goes to.

#include <array>
#include <cstdint>
#include <vector>

#include "sim/serve/scheduler.h"
#include "sim/util/enum_names.h"

namespace orrery {

// least_loaded: fewest tokens waiting and running. prefix_aware: the longest cached beginning, unless that
// replica has far more to do than the least loaded.
enum class RouterKind : std::uint8_t { round_robin, least_loaded, prefix_aware };
template <>
struct EnumNames<RouterKind> {
  static constexpr std::array<const char*, 3> kWords = {"round_robin", "least_loaded", "prefix_aware"};
};

class Router {
 public:
  explicit Router(RouterKind kind) : kind_(kind) {}
  // Among `schedulers`, at least one.
  std::size_t choose(const std::vector<Scheduler*>& schedulers, const Request& request);

 private:
  RouterKind kind_;
  std::size_t next_ = 0;
};

}  // namespace orrery
