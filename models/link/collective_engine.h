#pragma once
// Runs a collective as the ring algorithm over simulated links, one chip_link a device of the ring. Every
// device's steps are events: a device sends step s when it has received step s-1. The devices are alike; the
// memory traffic of device 0, the machine that is simulated in full, goes through its own network, shared
// buffer and DRAM, so a collective contends with whatever runs beside it. Left out: other algorithms,
// switches.

#include <memory>
#include <systemc>
#include <vector>

#include "models/core/clock_domain.h"
#include "models/core/component.h"
#include "models/core/granule.h"
#include "models/link/chip_link.h"
#include "sim/program/program.h"
#include "sim/stats/activity_counts.h"

namespace orrery {

class CollectiveListener {
 public:
  virtual ~CollectiveListener() = default;
  virtual void collective_done(Femtoseconds done) = 0;
};

class CollectiveEngine : public sc_core::sc_module, public Component {
 public:
  sc_core::sc_port<GranuleInterface> network;

  // `source` is the engine's own port of the network on chip.
  CollectiveEngine(const sc_core::sc_module_name& name, const LinkSpec& spec, CoreId source,
                   ActivityCounts& counts, CollectiveListener& listener);

  // Starts a collective at t (>= now); one at a time. Creates links for devices not seen before, which must
  // happen before the simulation starts: reserve them with prepare().
  void prepare(std::uint32_t devices);
  // `input` and `output` are the first entries of the array's granules in the shared buffer (kNoEntry: not
  // kept there), as tile_bytes() cuts it.
  void begin(const CollectiveTask& task, Femtoseconds t, std::uint32_t input, std::uint32_t output);
  // From now on granules go straight to DRAM.
  void bypass_shared_buffer() { input_ = output_ = kNoEntry; }
  // Granules of the array, chunk by chunk: how many, and how large a full one is.
  static std::uint32_t granules(const CollectiveTask& task);
  static std::uint64_t granule_bytes(const CollectiveTask& task);
  void reset();

  bool idle() const override { return running_ == 0; }
  std::string waiting_for() const override;

 private:
  struct Device {
    std::uint32_t step = 0;    // next step to send
    std::uint64_t offset = 0;  // sent of its chunk
    Femtoseconds stored = 0;   // what has arrived so far is in memory

    Femtoseconds wake = INT64_MAX;
    std::vector<Femtoseconds> received;  // completion of each step's incoming chunk
  };

  const LinkSpec spec_;
  const CoreId source_;
  ActivityCounts& counts_;
  CollectiveListener& listener_;
  std::vector<std::unique_ptr<ChipLink>> links_;
  std::vector<Device> devices_;
  CollectiveTask task_;
  std::uint32_t steps_ = 0;
  std::uint64_t chunk_ = 0;
  std::uint64_t granule_ = 0;
  std::uint32_t input_ = kNoEntry, output_ = kNoEntry;
  std::uint32_t running_ = 0;  // devices that have not received everything
  Femtoseconds end_ = 0;
  sc_core::sc_event wake_;

  void step();
  void rearm();
  void send_next(std::uint32_t d, Femtoseconds now);
  void receive(std::uint32_t d, std::uint32_t step, Femtoseconds at);
  Femtoseconds store(std::uint32_t receiver, std::uint32_t step, std::uint64_t offset, std::uint64_t bytes,
                     const ChipLink::Transfer& transfer);
  Granule granule_of(std::uint32_t chunk, std::uint64_t offset, std::uint64_t bytes,
                     std::uint32_t first) const;
};

}  // namespace orrery
