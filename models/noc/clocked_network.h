#pragma once
// A network at flit level (cycle_network.h) under a clock: ticks while it holds flits and sleeps otherwise.
// Packets that arrive in a cycle are handed over at its end.

#include <systemc>
#include <vector>

#include "models/core/clock_domain.h"
#include "models/core/component.h"
#include "models/noc/cycle_network.h"

namespace orrery {

class PacketListener {
 public:
  virtual ~PacketListener() = default;
  virtual void packet_arrived(std::uint64_t tag) = 0;
};

class ClockedNetwork : public sc_core::sc_module, public Component, private NocSink {
 public:
  // `graph` must outlive the network.
  ClockedNetwork(const sc_core::sc_module_name& name, const NocGraph& graph, const ClockDomain& clock,
                 PacketListener& listener);

  // Queues a packet at its node; it may leave with the next clock edge.
  void send(std::uint32_t from, std::uint32_t to, std::uint32_t flits, std::uint64_t tag);

  bool idle() const override { return network_.idle(); }
  std::string waiting_for() const override { return std::string(name()) + " has packets on their way"; }

 private:
  const ClockDomain& clock_;
  PacketListener& listener_;
  CycleNetwork network_;
  std::vector<std::uint64_t> arrived_;
  sc_core::sc_event wake_;
  bool running_ = false;
  NocCycle cycle_ = 0;         // to simulate next; goes on where it stopped
  NocCycle origin_cycle_ = 0;  // the first of this run, on the edge `origin_edge_` of the clock
  std::uint64_t origin_edge_ = 0;
  NocCycle quiet_ = 0;  // cycles without a packet

  void tick();
  void wake_for(NocCycle cycle);
  void flit_ejected(NocCycle) override {}
  void packet_done(const NocPacket& packet, NocCycle t) override;
};

}  // namespace orrery
