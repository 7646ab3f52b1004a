#include "models/noc/network_rates.h"

#include <algorithm>
#include <utility>

#include "models/noc/tile_network.h"
#include "sim/util/random.h"

namespace orrery {
namespace {

class LastArrival final : public NocSink {
 public:
  void flit_ejected(NocCycle) override {}
  void packet_done(const NocPacket&, NocCycle t) override { last = std::max(last, t); }
  NocCycle last = 0;
};

// As many packets between each sender and each receiver, in random order: the flits of the busiest channel
// against the cycles that all of them take.
double rate(const NocGraph& graph, const std::vector<std::uint32_t>& senders,
            const std::vector<std::uint32_t>& receivers, std::uint32_t flits) {
  constexpr std::uint64_t kPackets = 1000;
  const std::uint64_t pairs = senders.size() * receivers.size();
  const std::uint64_t rounds = std::max<std::uint64_t>(1, kPackets / pairs);
  RandomStream random(1);
  LastArrival sink;
  TileNetwork network(graph, sink);
  std::vector<std::uint64_t> load(graph.channels().size(), 0);
  for (const std::uint32_t from : senders) {
    std::vector<std::uint32_t> to;
    for (std::uint64_t i = 0; i < rounds; ++i) to.insert(to.end(), receivers.begin(), receivers.end());
    for (std::size_t i = to.size(); i > 1; --i) std::swap(to[i - 1], to[random.below(i)]);
    for (const std::uint32_t receiver : to) {
      NocPacket packet;
      packet.from = from;
      packet.to = receiver;
      packet.flits = flits;
      packet.tie = from + receiver;
      network.send(packet);
      for (const std::uint32_t channel : graph.path(from, receiver, packet.tie)) load[channel] += flits;
    }
  }
  NocCycle t = 0;
  while (!network.idle()) network.run(t += 64);
  const std::uint64_t busiest = *std::max_element(load.begin(), load.end());
  return std::min(1.0, static_cast<double>(busiest) / static_cast<double>(sink.last + 1));
}

}  // namespace

NetworkRates network_rates(const NocGraph& graph, const std::vector<std::uint32_t>& memory,
                           const std::vector<std::uint32_t>& cores, std::uint32_t packet_flits) {
  return {rate(graph, memory, cores, packet_flits), rate(graph, cores, memory, packet_flits)};
}

}  // namespace orrery
