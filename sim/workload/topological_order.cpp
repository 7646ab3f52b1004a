#include "sim/workload/topological_order.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace orrery {

TopologicalOrder topological_order(const std::vector<std::vector<std::size_t>>& needs) {
  enum class State : std::uint8_t { unseen, open, done };
  TopologicalOrder found;
  found.order.reserve(needs.size());
  std::vector<State> state(needs.size(), State::unseen);
  std::vector<std::pair<std::size_t, std::size_t>> stack;  // (which, its next dependence)
  for (std::size_t root = 0; root < needs.size(); ++root) {
    if (state[root] != State::unseen) continue;
    state[root] = State::open;
    stack.emplace_back(root, 0);
    while (!stack.empty()) {
      auto& [at, next] = stack.back();
      if (next == needs[at].size()) {
        state[at] = State::done;
        found.order.push_back(at);
        stack.pop_back();
        continue;
      }
      const std::size_t to = needs[at][next++];
      if (state[to] == State::open) {
        const auto first =
            std::find_if(stack.begin(), stack.end(), [to](const auto& open) { return open.first == to; });
        for (auto it = first; it != stack.end(); ++it) found.cycle.push_back(it->first);
        return found;
      }
      if (state[to] == State::unseen) {
        state[to] = State::open;
        stack.emplace_back(to, 0);
      }
    }
  }
  return found;
}

}  // namespace orrery
