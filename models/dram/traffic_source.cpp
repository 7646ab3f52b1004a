#include "models/dram/traffic_source.h"

#include <algorithm>

#include "sim/util/units.h"

namespace orrery {

using sc_core::sc_time;
using sc_core::SC_ZERO_TIME;

TrafficSource::TrafficSource(const sc_core::sc_module_name& name, AccessPattern pattern,
                             const DramMapping& mapping, std::uint64_t burst_bytes, TrafficLoad load,
                             sc_time period, std::uint32_t memories, sc_time warm_up)
    : sc_module(name),
      pattern_(std::move(pattern)),
      mapping_(mapping),
      burst_(burst_bytes),
      load_(load),
      period_(period),
      warm_up_(warm_up),
      data_(burst_bytes),
      latency_histogram_(4096) {
  if (load_.kind == TrafficLoad::Kind::rate) interval_s_ = static_cast<double>(burst_) / load_.bytes_per_s;
  for (std::uint32_t m = 0; m < memories; ++m) {
    ports_.push_back(std::make_unique<Port>());
    ports_[m]->socket = std::make_unique<Socket>(("socket_" + std::to_string(m)).c_str());
    ports_[m]->socket->register_nb_transport_bw(this, &TrafficSource::nb_transport_bw, static_cast<int>(m));
  }
  SC_HAS_PROCESS(TrafficSource);
  SC_METHOD(feed);
  sensitive << feed_;
  SC_METHOD(arrive);
  sensitive << arrive_;
}

TrafficSource::~TrafficSource() = default;

bool TrafficSource::generate(const sc_time& at) {
  if (!has_ahead_) ahead_.access = pattern_.next();
  has_ahead_ = true;
  const std::uint32_t memory = ports_.size() == 1 ? 0 : mapping_.decode(ahead_.access.address).channel;
  Port& port = *ports_[memory];
  const bool bounded = load_.kind == TrafficLoad::Kind::saturating;
  if (bounded && port.queue.size() >= kQueue) return false;
  ahead_.at = at;
  port.queue.push_back(ahead_);
  has_ahead_ = false;
  return true;
}

// Arrivals of an open load, and the first of the others.
void TrafficSource::arrive() {
  const sc_time now = sc_core::sc_time_stamp();
  if (load_.kind == TrafficLoad::Kind::rate) {
    generate(now);
    ++arrivals_;
    const auto next = static_cast<std::uint64_t>(static_cast<double>(arrivals_) * interval_s_ * kFsPerSecond);
    arrive_.notify(sc_time::from_value(std::max<std::uint64_t>(next, now.value())) - now);
  } else if (load_.kind == TrafficLoad::Kind::dependent) {
    generate(now);
  }
  feed();
}

void TrafficSource::feed() {
  if (load_.kind == TrafficLoad::Kind::saturating) {
    while (generate(sc_core::sc_time_stamp())) {
    }
  }
  for (std::uint32_t m = 0; m < ports_.size(); ++m) offer(*ports_[m], m);
}

void TrafficSource::offer(Port& port, std::uint32_t memory) {
  while (port.offered == nullptr) {
    if (port.queue.empty()) {
      if (load_.kind != TrafficLoad::Kind::saturating) return;
      while (generate(sc_core::sc_time_stamp())) {
      }
      if (port.queue.empty()) return;
    }
    if (free_.empty()) {
      owned_.push_back(std::make_unique<Transaction>());
      owned_.back()->set_mm(this);
      free_.push_back(owned_.back().get());
    }
    Transaction& t = *free_.back();
    free_.pop_back();
    const Arrival& arrival = port.queue.front();
    t.arrived = arrival.at;
    t.memory = memory;
    t.set_address(arrival.access.address);
    t.set_command(arrival.access.write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    t.set_data_ptr(data_.data());
    t.set_data_length(static_cast<unsigned>(burst_));
    t.set_streaming_width(static_cast<unsigned>(burst_));
    t.set_byte_enable_ptr(nullptr);
    t.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    port.queue.pop_front();
    t.acquire();
    port.offered = &t;
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_time delay = SC_ZERO_TIME;
    const tlm::tlm_sync_enum status = (*port.socket)->nb_transport_fw(t, phase, delay);
    if (status == tlm::TLM_COMPLETED || (status == tlm::TLM_UPDATED && phase != tlm::BEGIN_REQ)) taken(t);
    if (status == tlm::TLM_COMPLETED) answered(t);
  }
}

void TrafficSource::taken(Transaction& t) {
  t.taken = sc_core::sc_time_stamp();
  ports_[t.memory]->offered = nullptr;
}

void TrafficSource::answered(Transaction& t) {
  const sc_time now = sc_core::sc_time_stamp();
  if (measuring()) {
    if (t.is_write()) {
      ++writes_;
    } else {
      ++reads_;
      const double latency = (now - t.taken).to_seconds() * 1e9;
      latency_sum_ += latency;
      wait_sum_ += (t.taken - t.arrived).to_seconds() * 1e9;
      const auto bin = static_cast<std::size_t>((now - t.taken).value() / period_.value());
      ++latency_histogram_[std::min(bin, latency_histogram_.size() - 1)];
    }
  }
  t.release();
  if (load_.kind == TrafficLoad::Kind::dependent) arrive_.notify(period_);
}

tlm::tlm_sync_enum TrafficSource::nb_transport_bw(int memory, tlm::tlm_generic_payload& payload,
                                                  tlm::tlm_phase& phase, sc_time& delay) {
  (void)memory;
  auto& t = static_cast<Transaction&>(payload);
  // A memory may annotate a delay; the answer counts from then, and ours are all zero.
  (void)delay;
  if (phase == tlm::END_REQ) {
    taken(t);
    feed_.notify(SC_ZERO_TIME);
    return tlm::TLM_ACCEPTED;
  }
  if (ports_[t.memory]->offered == &t) {  // an answer stands for END_REQ too
    taken(t);
    feed_.notify(SC_ZERO_TIME);
  }
  answered(t);
  return tlm::TLM_COMPLETED;
}

void TrafficSource::free(tlm::tlm_generic_payload* payload) {
  payload->reset();
  free_.push_back(static_cast<Transaction*>(payload));
}

TrafficResult TrafficSource::result() const {
  TrafficResult r;
  r.reads = reads_;
  r.writes = writes_;
  r.bytes = (reads_ + writes_) * burst_;
  r.seconds = (sc_core::sc_time_stamp() - warm_up_).to_seconds();
  if (reads_ == 0) return r;
  r.mean_latency_ns = latency_sum_ / static_cast<double>(reads_);
  r.mean_source_wait_ns = wait_sum_ / static_cast<double>(reads_);
  std::uint64_t seen = 0;
  for (std::size_t bin = 0; bin < latency_histogram_.size(); ++bin) {
    seen += latency_histogram_[bin];
    if (seen * 100 >= reads_ * 99) {
      r.p99_latency_ns = static_cast<double>(bin) * period_.to_seconds() * 1e9;
      break;
    }
  }
  return r;
}

}  // namespace orrery
