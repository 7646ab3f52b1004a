#include "models/dram/cycle_dram.h"

#include <algorithm>

namespace orrery {
namespace {

std::uint32_t channel_count(const DramSpec& spec) {
  return ceil_div(spec.channels, spec.device.pseudo_channels);
}

}  // namespace

CycleDram::CycleDram(const sc_core::sc_module_name& name, const DramSpec& spec, DramListener& listener)
    : sc_module(name),
      spec_(spec),
      listener_(listener),
      mapping_(DramMapping::default_order(), spec.device, 1),
      channels_(channel_count(spec)),
      data_(spec.device.burst_bytes()) {
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    Channel& c = channels_[i];
    c.memory =
        std::make_unique<CycleDramChannel>(("channel_" + std::to_string(i)).c_str(), spec_.device, mapping_);
    c.socket = std::make_unique<Socket>(("socket_" + std::to_string(i)).c_str());
    c.socket->register_nb_transport_bw(this, &CycleDram::nb_transport_bw, static_cast<int>(i));
    c.socket->bind(c.memory->socket);
  }
  SC_HAS_PROCESS(CycleDram);
  SC_METHOD(offer);
  sensitive << offer_;
  dont_initialize();
}

CycleDram::~CycleDram() = default;

std::uint64_t CycleDram::activates() const {
  std::uint64_t sum = 0;
  for (const Channel& c : channels_) sum += c.memory->counts().activates;
  return sum;
}

void CycleDram::access(std::uint32_t id, std::uint64_t address, Bytes bytes, bool write) {
  if (id != kPosted) {
    if (bursts_left_.size() <= id) bursts_left_.resize(id + std::size_t{1});
    bursts_left_[id] = 0;
  }
  const std::uint64_t end = address + std::max<std::uint64_t>(bytes.value(), 1);
  for (std::uint64_t at = address; at < end;) {
    const std::uint64_t chunk = at / spec_.interleave_bytes;
    const std::uint64_t next = std::min(end, (chunk + 1) * spec_.interleave_bytes);
    queue_bursts(id, chunk, at % spec_.interleave_bytes, Bytes{next - at}, write);
    at = next;
  }
  offer_.notify(sc_core::SC_ZERO_TIME);  // not from within a channel's own call
}

// The bursts of `bytes` from place `from` of a chunk on.
void CycleDram::queue_bursts(std::uint32_t id, std::uint64_t chunk, std::uint64_t from, Bytes bytes,
                             bool write) {
  const std::uint64_t burst = spec_.device.burst_bytes();
  const auto index = static_cast<std::uint32_t>(chunk % channels_.size());
  const std::uint64_t local = chunk / channels_.size() * spec_.interleave_bytes + from;
  const std::uint64_t first = local / burst;
  const std::uint64_t last = (local + bytes.value() - 1) / burst;
  if (id != kPosted) bursts_left_[id] += static_cast<std::uint32_t>(last - first + 1);
  for (std::uint64_t b = first; b <= last; ++b) {
    if (free_.empty()) {
      owned_.push_back(std::make_unique<Burst>());
      owned_.back()->set_mm(this);
      free_.push_back(owned_.back().get());
    }
    Burst& t = *free_.back();
    free_.pop_back();
    t.id = id;
    t.channel = index;
    t.set_address(b * burst % mapping_.capacity_bytes());
    t.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    t.set_data_ptr(data_.data());
    t.set_data_length(static_cast<unsigned>(burst));
    t.set_streaming_width(static_cast<unsigned>(burst));
    t.set_byte_enable_ptr(nullptr);
    t.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    t.acquire();
    channels_[index].queue.push_back(&t);
    channels_[index].moved += Bytes{burst};
  }
}

std::vector<std::uint64_t> CycleDram::moved_bytes() const {
  std::vector<std::uint64_t> moved;
  for (const Channel& channel : channels_) moved.push_back(channel.moved.value());
  return moved;
}

void CycleDram::forget_work() {
  for (Channel& channel : channels_) channel.moved = {};
}

void CycleDram::offer() {
  for (Channel& channel : channels_) offer(channel);
}

void CycleDram::offer(Channel& channel) {
  while (channel.offered == nullptr && !channel.queue.empty()) {
    Burst& burst = *channel.queue.front();
    channel.queue.pop_front();
    channel.offered = &burst;
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    const tlm::tlm_sync_enum status = (*channel.socket)->nb_transport_fw(burst, phase, delay);
    if (status == tlm::TLM_COMPLETED || (status == tlm::TLM_UPDATED && phase != tlm::BEGIN_REQ)) taken(burst);
    if (status == tlm::TLM_COMPLETED) answered(burst);
  }
}

void CycleDram::taken(Burst& burst) {
  channels_[burst.channel].offered = nullptr;
}

void CycleDram::answered(Burst& burst) {
  const std::uint32_t id = burst.id;
  burst.release();
  if (id != kPosted && --bursts_left_[id] == 0) listener_.dram_done(id);
}

tlm::tlm_sync_enum CycleDram::nb_transport_bw(int channel, tlm::tlm_generic_payload& payload,
                                              tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  (void)delay;  // the channels annotate none
  auto& burst = static_cast<Burst&>(payload);
  if (channels_[static_cast<std::size_t>(channel)].offered == &burst) {  // an answer stands for END_REQ too
    taken(burst);
    offer_.notify(sc_core::SC_ZERO_TIME);
  }
  if (phase == tlm::END_REQ) return tlm::TLM_ACCEPTED;
  answered(burst);
  return tlm::TLM_COMPLETED;
}

void CycleDram::free(tlm::tlm_generic_payload* payload) {
  payload->reset();
  free_.push_back(static_cast<Burst*>(payload));
}

bool CycleDram::idle() const {
  return std::all_of(channels_.begin(), channels_.end(), [](const Channel& c) {
    return c.queue.empty() && c.offered == nullptr && c.memory->idle();
  });
}

}  // namespace orrery
