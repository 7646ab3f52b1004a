#pragma once
// Plays an access pattern into one or more memories behind TLM-2.0 initiator sockets and measures what comes
// back. A first-in first-out queue a memory is filled in the pattern's order; a request leaves its queue when
// the memory takes it (base protocol). Latency runs from there to the answer.

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm>

#include <deque>
#include <memory>
#include <systemc>
#include <vector>

#include "models/core/component.h"
#include "sim/workload/access_pattern.h"
#include "sim/workload/traffic_load.h"

namespace orrery {

class TrafficSource : public sc_core::sc_module, public Component, private tlm::tlm_mm_interface {
 public:
  using Socket = tlm_utils::simple_initiator_socket_tagged<TrafficSource>;

  TrafficSource(const sc_core::sc_module_name& name, AccessPattern pattern, const DramMapping& mapping,
                std::uint64_t burst_bytes, TrafficLoad load, sc_core::sc_time period, std::uint32_t memories,
                sc_core::sc_time warm_up);
  ~TrafficSource() override;

  Socket& socket(std::uint32_t memory) { return *ports_[memory]->socket; }
  TrafficResult result() const;

  bool idle() const override { return true; }  // a run ends in the middle of the traffic
  std::string waiting_for() const override { return ""; }

 private:
  static constexpr std::size_t kQueue = 256;  // accesses a memory, saturating
  struct Arrival {
    MemoryAccess access;
    sc_core::sc_time at;
  };
  struct Transaction : tlm::tlm_generic_payload {
    sc_core::sc_time arrived, taken;
    std::uint32_t memory = 0;
  };
  struct Port {
    std::unique_ptr<Socket> socket;
    std::deque<Arrival> queue;
    Transaction* offered = nullptr;  // BEGIN_REQ without END_REQ
    bool has_more = false;           // in more_
  };

  AccessPattern pattern_;
  const DramMapping& mapping_;
  std::uint64_t burst_;
  TrafficLoad load_;
  sc_core::sc_time period_, warm_up_;
  double interval_s_ = 0;
  std::uint64_t arrivals_ = 0;
  std::vector<std::unique_ptr<Port>> ports_;
  std::vector<Transaction*> free_;
  std::vector<std::unique_ptr<Transaction>> owned_;
  Arrival ahead_;  // generated, but its queue was full
  bool has_ahead_ = false;
  sc_core::sc_event feed_, arrive_;
  std::vector<unsigned char> data_;

  std::uint64_t reads_ = 0, writes_ = 0;
  double latency_sum_ = 0, wait_sum_ = 0;
  std::vector<std::uint32_t> latency_histogram_;  // of clocks

  void feed();
  void arrive();
  bool generate(const sc_core::sc_time& at);
  void offer(Port& port, std::uint32_t memory);
  void taken(Transaction& transaction);
  void answered(Transaction& transaction);
  bool measuring() const { return sc_core::sc_time_stamp() >= warm_up_; }
  tlm::tlm_sync_enum nb_transport_bw(int memory, tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay);
  void free(tlm::tlm_generic_payload* payload) override;
};

}  // namespace orrery
