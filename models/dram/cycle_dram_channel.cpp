#include "models/dram/cycle_dram_channel.h"

#include <algorithm>

namespace orrery {

CycleDramChannel::CycleDramChannel(const sc_core::sc_module_name& name, const DramDevice& device,
                                   const DramMapping& mapping)
    : sc_module(name),
      socket("socket"),
      device_(device),
      mapping_(mapping),
      scheduler_(make_dram_scheduler(device, *this)),
      tick_(sc_core::sc_time::from_value(static_cast<std::uint64_t>(
          device.clock_ns * kFsPerNs / (device.bus.half_clock_rows ? 2 : 1) + 0.5))),
      late_(this, &CycleDramChannel::arrive_late) {
  socket.register_nb_transport_fw(this, &CycleDramChannel::nb_transport_fw);
  socket.register_b_transport(this, &CycleDramChannel::b_transport);
  SC_HAS_PROCESS(CycleDramChannel);
  SC_METHOD(run);
  sensitive << wake_;
}

DramTick CycleDramChannel::now() const {
  return static_cast<DramTick>(sc_core::sc_time_stamp().value() / tick_.value());
}

double CycleDramChannel::active_seconds() const {
  return static_cast<double>(scheduler_->timing().active_ticks(now())) * tick_.to_seconds();
}

DramRequest CycleDramChannel::request_of(tlm::tlm_generic_payload& payload) const {
  const DramAddress place = mapping_.decode(payload.get_address());
  DramRequest r;
  r.bank = ((place.pseudo_channel * device_.ranks + place.rank) * device_.bank_groups + place.bank_group) *
               device_.banks_per_group +
           place.bank;
  r.row = place.row;
  r.column = place.column;
  r.write = payload.is_write();
  r.arrived = now();
  r.owner = &payload;
  return r;
}

bool CycleDramChannel::take(tlm::tlm_generic_payload& payload) {
  const DramRequest request = request_of(payload);
  const bool queued = scheduler_->write_queued(request);
  if (!queued && scheduler_->full(request.write)) return false;
  if (!queued) scheduler_->add(request);
  // A write is done when it is queued; so is a read of what is queued.
  if (request.write || queued)
    posted_.push_back({&payload, request.arrived + scheduler_->timing().ticks_per_clock()});
  next_step_ = std::min(next_step_, std::max(request.arrived, last_step_ + 1));
  schedule();
  return true;
}

tlm::tlm_sync_enum CycleDramChannel::nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                                     sc_core::sc_time& delay) {
  if (phase == tlm::END_RESP) {
    answering_ = false;
    schedule();
    return tlm::TLM_COMPLETED;
  }
  if (delay != sc_core::SC_ZERO_TIME) {
    late_.notify(payload, phase, delay);
    return tlm::TLM_ACCEPTED;
  }
  if (!take(payload)) {
    refused_.push_back(&payload);
    return tlm::TLM_ACCEPTED;
  }
  phase = tlm::END_REQ;
  return tlm::TLM_UPDATED;
}

void CycleDramChannel::arrive_late(tlm::tlm_generic_payload& payload, const tlm::tlm_phase&) {
  refused_.push_back(&payload);
  take_refused();
}

void CycleDramChannel::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  wait(delay);
  delay = sc_core::SC_ZERO_TIME;
  sc_core::sc_event done;
  blocking_[&payload] = &done;
  if (!take(payload)) refused_.push_back(&payload);
  wait(done);
}

void CycleDramChannel::take_refused() {
  while (!refused_.empty()) {
    tlm::tlm_generic_payload& payload = *refused_.front();
    if (!take(payload)) return;
    refused_.pop_front();
    if (blocking_.count(&payload) != 0) continue;
    tlm::tlm_phase phase = tlm::END_REQ;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    socket->nb_transport_bw(payload, phase, delay);
  }
}

void CycleDramChannel::read_done(void* owner, DramTick t) {
  data_.push_back({static_cast<tlm::tlm_generic_payload*>(owner), t});
}

void CycleDramChannel::answer_due(std::deque<Answer>& answers, DramTick t) {
  while (!answers.empty() && answers.front().at <= t && !answering_) {
    tlm::tlm_generic_payload& payload = *answers.front().payload;
    answers.pop_front();
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    if (const auto waiting = blocking_.find(&payload); waiting != blocking_.end()) {
      waiting->second->notify();
      blocking_.erase(waiting);
      continue;
    }
    tlm::tlm_phase phase = tlm::BEGIN_RESP;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    answering_ = socket->nb_transport_bw(payload, phase, delay) == tlm::TLM_ACCEPTED;
  }
}

void CycleDramChannel::schedule() {
  DramTick t = next_step_;
  if (!answering_) {
    if (!data_.empty()) t = std::min(t, data_.front().at);
    if (!posted_.empty()) t = std::min(t, posted_.front().at);
  }
  if (t == DramScheduler::kNever) return;
  const sc_core::sc_time at = sc_core::sc_time::from_value(static_cast<std::uint64_t>(t) * tick_.value());
  const sc_core::sc_time stamp = sc_core::sc_time_stamp();
  wake_.notify(at > stamp ? at - stamp : sc_core::SC_ZERO_TIME);  // the earliest notification stands
}

void CycleDramChannel::run() {
  const DramTick t = now();
  answer_due(data_, t);
  answer_due(posted_, t);
  if (t >= next_step_) {
    last_step_ = t;
    next_step_ = DramScheduler::kNever;
    const DramTick next = scheduler_->step(t);
    next_step_ = std::min(next_step_, next);
    take_refused();
  }
  schedule();
}

bool CycleDramChannel::idle() const {
  return scheduler_->idle() && data_.empty() && posted_.empty() && refused_.empty();
}

std::string CycleDramChannel::waiting_for() const {
  return std::string(name()) + " has requests queued";
}

}  // namespace orrery
