#include "models/noc/message_tree.h"

#include <algorithm>
#include <map>

namespace orrery {
namespace {

// From a head's arrival at the router before a channel to its arrival at the far end; at time 0 for the
// channel of a node.
NocCycle hop(const NocGraph& graph, std::uint32_t channel) {
  const NocChannel& c = graph.channels()[channel];
  if (c.from_router == kTerminal) return 1 + c.latency;
  return NocCycle{graph.spec().router.pipeline_cycles()} + c.latency;
}

}  // namespace

TreeMessage multicast(const NocGraph& graph, std::uint32_t from, const std::vector<std::uint32_t>& targets,
                      std::uint32_t flits) {
  std::map<std::uint32_t, NocCycle> reached;  // channel, when the head is at its far end
  TreeMessage message;
  for (const std::uint32_t to : targets) {
    NocCycle head = 0;
    for (const std::uint32_t channel : graph.path(from, to, 0))
      head = reached.emplace(channel, head + hop(graph, channel)).first->second;
    message.cycles = std::max(message.cycles, head + flits - 1);
  }
  message.channels = reached.size();
  return message;
}

TreeMessage reduce(const NocGraph& graph, const std::vector<std::uint32_t>& sources, std::uint32_t to,
                   std::uint32_t flits) {
  // All ways to one node end alike, so what feeds a channel is one farther away: the head leaves when the
  // last of those has come.
  std::vector<std::vector<std::uint32_t>> ways;
  std::size_t longest = 0;
  for (const std::uint32_t from : sources) {
    ways.push_back(graph.path(from, to, 0));
    longest = std::max(longest, ways.back().size());
  }
  std::map<std::uint32_t, NocCycle> arrives;  // at the far end
  TreeMessage message;
  for (std::size_t left = longest; left > 0; --left) {
    std::map<std::uint32_t, NocCycle> heads;  // of this distance: when all that feed it have come
    for (const auto& way : ways) {
      if (way.size() < left) continue;
      const std::size_t at = way.size() - left;
      NocCycle& head = heads[way[at]];
      if (at > 0) head = std::max(head, arrives.at(way[at - 1]));
    }
    for (const auto& [channel, head] : heads) {
      arrives[channel] = head + hop(graph, channel);
      message.cycles = std::max(message.cycles, arrives[channel] + flits - 1);
    }
  }
  message.channels = arrives.size();
  return message;
}

}  // namespace orrery
