#include "models/noc/clocked_network.h"

namespace orrery {

ClockedNetwork::ClockedNetwork(const sc_core::sc_module_name& name, const NocGraph& graph,
                               const ClockDomain& clock, PacketListener& listener)
    : sc_module(name), clock_(clock), listener_(listener), network_(graph, *this) {
  SC_HAS_PROCESS(ClockedNetwork);
  SC_METHOD(tick);
  sensitive << wake_;
  dont_initialize();
}

void ClockedNetwork::send(std::uint32_t from, std::uint32_t to, std::uint32_t flits, std::uint64_t tag) {
  NocPacket packet;
  packet.from = from;
  packet.to = to;
  packet.flits = flits;
  packet.tie = from + to;
  packet.created = cycle_;
  packet.tag = tag;
  network_.send(packet);
  quiet_ = 0;
  if (running_) return;
  running_ = true;
  origin_cycle_ = cycle_;
  origin_edge_ = static_cast<std::uint64_t>(static_cast<double>(now_fs()) / clock_.fs_per_cycle()) + 1;
  wake_for(cycle_);
}

void ClockedNetwork::wake_for(NocCycle cycle) {
  const Femtoseconds at =
      clock_.time(Cycles{origin_edge_ + static_cast<std::uint64_t>(cycle - origin_cycle_)});
  wake_.notify(fs_time(std::max(at, now_fs()) - now_fs()));
}

void ClockedNetwork::tick() {
  network_.step(cycle_++);
  for (std::size_t i = 0; i < arrived_.size(); ++i) listener_.packet_arrived(arrived_[i]);
  arrived_.clear();
  quiet_ = network_.idle() ? quiet_ + 1 : 0;
  running_ = quiet_ <= network_.horizon();
  if (running_) wake_for(cycle_);
}

void ClockedNetwork::packet_done(const NocPacket& packet, NocCycle /*t*/) {
  arrived_.push_back(packet.tag);
}

}  // namespace orrery
