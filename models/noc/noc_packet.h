#pragma once
// Packets of a network on chip and who hears of them.

#include <cstdint>

#include "models/noc/noc_graph.h"

namespace orrery {

using NocCycle = std::int64_t;

struct NocPacket {
  std::uint32_t from = 0, to = 0;
  std::uint32_t flits = 1;
  std::uint32_t tie = 0;  // which way when two are as short
  NocCycle created = 0;
  NocCycle injected = 0;  // its head left the node
  std::uint64_t tag = 0;  // the sender's, for the sink
};

class NocSink {
 public:
  virtual ~NocSink() = default;
  virtual void flit_ejected(NocCycle t) = 0;
  virtual void packet_done(const NocPacket& packet, NocCycle t) = 0;
};

}  // namespace orrery
