#pragma once
// All channels of a machine's DRAM at command level: consecutive chunks of the interleave go to consecutive
// channels, each a CycleDramChannel behind a TLM-2.0 socket. An access is cut into bursts; those a channel
// has no room for wait in order.

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm>

#include <deque>
#include <memory>
#include <systemc>
#include <vector>

#include "models/dram/cycle_dram_channel.h"
#include "sim/config/arch_spec.h"
#include "sim/util/amount.h"

namespace orrery {

class DramListener {
 public:
  virtual ~DramListener() = default;
  // All bursts of access `id` are read or, of a write, taken.
  virtual void dram_done(std::uint32_t id) = 0;
};

class CycleDram : public sc_core::sc_module, public Component, private tlm::tlm_mm_interface {
 public:
  static constexpr std::uint32_t kPosted = UINT32_MAX;  // nobody waits for it

  CycleDram(const sc_core::sc_module_name& name, const DramSpec& spec, DramListener& listener);
  ~CycleDram() override;

  // `id` is the caller's, dense from 0; one access at a time may carry it.
  void access(std::uint32_t id, std::uint64_t address, Bytes bytes, bool write);

  std::uint64_t activates() const;  // so far, all channels
  // Of each channel, since forget_work(), what is queued included.
  std::vector<std::uint64_t> moved_bytes() const;
  void forget_work();

  bool idle() const override;
  std::string waiting_for() const override { return std::string(name()) + " has bursts to move"; }

 private:
  using Socket = tlm_utils::simple_initiator_socket_tagged<CycleDram>;
  struct Burst : tlm::tlm_generic_payload {
    std::uint32_t id = kPosted;
    std::uint32_t channel = 0;
  };
  struct Channel {
    std::unique_ptr<Socket> socket;
    std::unique_ptr<CycleDramChannel> memory;
    std::deque<Burst*> queue;
    Burst* offered = nullptr;  // BEGIN_REQ without END_REQ
    Bytes moved;               // since forget_work()
  };

  const DramSpec spec_;
  DramListener& listener_;
  const DramMapping mapping_;  // within a channel
  std::vector<Channel> channels_;
  std::vector<Burst*> free_;
  std::vector<std::unique_ptr<Burst>> owned_;
  std::vector<std::uint32_t> bursts_left_;  // by id
  std::vector<unsigned char> data_;
  sc_core::sc_event offer_;

  void queue_bursts(std::uint32_t id, std::uint64_t chunk, std::uint64_t from, Bytes bytes, bool write);
  void offer();
  void offer(Channel& channel);
  void taken(Burst& burst);
  void answered(Burst& burst);
  tlm::tlm_sync_enum nb_transport_bw(int channel, tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay);
  void free(tlm::tlm_generic_payload* payload) override;
};

}  // namespace orrery
