#pragma once
// A DRAM channel at command level behind a TLM-2.0 target socket (fidelity `cycle`): a controller's queues
// and scheduler in front of banks that obey every JEDEC timing. Event-driven: it wakes when a command may
// issue, a refresh is due or data is through. Base protocol, one burst a transaction: a read answers when its
// data is there, a write (posted) a clock after it was taken; while a queue is full a request waits without
// END_REQ. Holds no contents. Left out: power-down, ECC, training.

#include <tlm_utils/peq_with_cb_and_phase.h>
#include <tlm_utils/simple_target_socket.h>
#include <tlm>

#include <deque>
#include <systemc>
#include <unordered_map>

#include "models/core/component.h"
#include "sim/config/dram_mapping.h"
#include "sim/timing/dram/dram_scheduler.h"

namespace orrery {

class CycleDramChannel : public sc_core::sc_module, public Component, private DramSink {
 public:
  tlm_utils::simple_target_socket<CycleDramChannel> socket;

  // `mapping` splits an address into bank, row and column; its channel bits are not looked at.
  CycleDramChannel(const sc_core::sc_module_name& name, const DramDevice& device, const DramMapping& mapping);

  const DramCommandCounts& counts() const { return scheduler_->counts(); }
  // Ticks a pseudo channel had a row open, summed over pseudo channels, up to now.
  double active_seconds() const;
  bool idle() const override;
  std::string waiting_for() const override;

 private:
  struct Answer {
    tlm::tlm_generic_payload* payload;
    DramTick at;
  };
  DramDevice device_;
  DramMapping mapping_;
  std::unique_ptr<DramScheduler> scheduler_;
  sc_core::sc_time tick_;
  sc_core::sc_event wake_;
  DramTick next_step_ = 0;
  DramTick last_step_ = -1;
  std::deque<Answer> data_, posted_;  // each in order of time
  std::deque<tlm::tlm_generic_payload*> refused_;
  std::unordered_map<tlm::tlm_generic_payload*, sc_core::sc_event*> blocking_;
  bool answering_ = false;  // an answer waits for END_RESP
  tlm_utils::peq_with_cb_and_phase<CycleDramChannel> late_;

  tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay);
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  void arrive_late(tlm::tlm_generic_payload& payload, const tlm::tlm_phase& phase);
  void run();

  DramTick now() const;
  DramRequest request_of(tlm::tlm_generic_payload& payload) const;
  bool take(tlm::tlm_generic_payload& payload);  // false: its queue is full
  void take_refused();
  void answer_due(std::deque<Answer>& answers, DramTick t);
  void schedule();
  void read_done(void* owner, DramTick t) override;
};

}  // namespace orrery
