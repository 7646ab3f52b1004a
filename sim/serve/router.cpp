#include "sim/serve/router.h"

namespace orrery {

std::size_t Router::choose(const std::vector<Scheduler*>& schedulers, const Request& request) {
  if (kind_ == RouterKind::round_robin || schedulers.size() == 1) return next_++ % schedulers.size();
  // From a new one on each time, so that those that are alike take turns.
  const std::size_t first = next_++ % schedulers.size();
  std::size_t best = first;
  double best_cost = 0;
  for (std::size_t i = 0; i < schedulers.size(); ++i) {
    const std::size_t at = (first + i) % schedulers.size();
    double cost = static_cast<double>(schedulers[at]->load_tokens());
    // What is cached need not be computed: it counts as so much less to do, for this request.
    if (kind_ == RouterKind::prefix_aware)
      cost -= 4.0 * static_cast<double>(schedulers[at]->cached_tokens(request));
    if (i > 0 && cost >= best_cost) continue;
    best = at;
    best_cost = cost;
  }
  return best;
}

}  // namespace orrery
