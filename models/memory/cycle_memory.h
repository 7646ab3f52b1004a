#pragma once
// The way from the cores to memory and back at fidelity `cycle`: each granule is cut into lines (a
// chunk of the DRAM's interleave, or a flit where that is more); a request packet goes through the network to
// the line's memory node, there the shared buffer's slice looks it up (what is missing comes from the levels
// behind it or, command by command, from DRAM), and a packet with the data goes back. Writes carry their data
// and are answered when the buffer, or DRAM's write queue, took them. Inner levels write through, the
// outermost writes back. Left out: multicast to clusters.

#include <memory>
#include <queue>
#include <systemc>
#include <unordered_map>
#include <vector>

#include "models/core/calendar.h"
#include "models/dram/cycle_dram.h"
#include "models/memory/line_cache.h"
#include "models/noc/clocked_network.h"
#include "sim/program/program.h"
#include "sim/stats/activity_counts.h"
#include "sim/stats/time_split.h"

namespace orrery {

class TransferClient {
 public:
  virtual ~TransferClient() = default;
  // All of transfer `tag` is through; the line that came last spent most of its time in `bound_by`.
  virtual void transfer_done(std::uint64_t tag, TimeCategory bound_by) = 0;
};

// A granule between a core and memory.
struct LineTransfer {
  CoreId core;
  std::uint64_t address = 0;
  Bytes bytes;
  bool write = false;
  bool irregular = false;  // its lines lie scattered
  TransferClient* client = nullptr;
  std::uint64_t tag = 0;
};

// Bytes of a tensor that are on chip when a program starts: the last of [address, address + bytes).
struct ResidentRange {
  std::uint64_t address = 0;
  Bytes bytes;
  Bytes resident_bytes;
  Bytes dirty_bytes;
};

class CycleMemory : public sc_core::sc_module, public Component, public PacketListener, public DramListener {
 public:
  // `arch` must outlive it. Throws ConfigError: a network too small, a DRAM that is no power of two.
  CycleMemory(const sc_core::sc_module_name& name, const ArchSpec& arch, const ClockDomain& clock,
              ActivityCounts& counts);

  Bytes line() const { return Bytes{line_bytes_}; }
  void transfer(const LineTransfer& transfer);

  // Fills the outermost level; `foreign_dirty_bytes` of other tensors are its oldest lines. Between programs.
  void begin(const std::vector<ResidentRange>& resident, Bytes foreign_dirty_bytes);
  // What the outermost level holds of [address, address + bytes); of the foreign data.
  ResidentTensor held(TensorId tensor, std::uint64_t address, Bytes bytes) const;
  Bytes foreign_dirty_bytes() const;

  bool idle() const override { return open_requests_ == 0; }
  std::string waiting_for() const override;
  const ClockedNetwork& network() const { return *network_; }
  std::uint64_t dram_activates() const { return dram_->activates(); }  // so far
  CycleDram& dram() { return *dram_; }
  const CycleDram& dram() const { return *dram_; }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  enum class Then : std::uint8_t { respond, fill };  // what a due request does
  struct Level {
    const SramLevelSpec* spec;
    LineCache lines;
    std::vector<Calendar> slices;     // by memory node
    std::vector<Calendar> crossings;  // into a partition
  };
  LevelCounts& counted(std::size_t level) { return counts_.levels[level]; }
  struct Transfer {
    LineTransfer what;
    std::uint32_t lines_left = 0;
    TimeCategory bound_by = TimeCategory::wait;
  };
  struct Request {
    std::uint32_t transfer = 0;
    std::uint64_t address = 0;
    Bytes bytes;
    std::uint32_t node = 0;  // of memory
    bool answered = false;   // its packet is on the way back
    bool missed = false;
    Femtoseconds sent = 0, arrived = 0, left = 0;
    Femtoseconds slice = 0, latency = 0;  // of the shared buffer, all levels asked
    std::uint32_t next_waiter = kNone;    // for the same line
  };
  struct Due {
    Femtoseconds at;
    std::uint64_t sequence;
    std::uint32_t request;
    Then then;
    bool operator>(const Due& o) const { return at != o.at ? at > o.at : sequence > o.sequence; }
  };

  const ArchSpec& arch_;
  const ClockDomain& clock_;
  ActivityCounts& counts_;
  NocGraph graph_;
  std::uint64_t flit_bytes_;
  std::uint64_t line_bytes_;  // addresses are multiples of it
  std::vector<std::uint32_t> core_nodes_, memory_nodes_;
  std::unique_ptr<ClockedNetwork> network_;
  std::unique_ptr<CycleDram> dram_;
  std::vector<Level> levels_;
  std::vector<EvictedLine> evicted_;
  std::unordered_map<std::uint64_t, std::uint32_t> waiters_;  // of a line on its way: the first of a chain

  std::vector<Transfer> transfers_;
  std::vector<std::uint32_t> free_transfers_;
  std::vector<Request> requests_;
  std::vector<std::uint32_t> free_requests_;
  std::uint64_t open_requests_ = 0;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::uint64_t sequence_ = 0;
  sc_core::sc_event wake_;

  static NocSpec network_spec(const ArchSpec& arch);
  void run();
  void later(Femtoseconds at, std::uint32_t request, Then then);
  void packet_arrived(std::uint64_t tag) override;
  void dram_done(std::uint32_t id) override;
  void read_line(std::uint32_t id);
  void write_line(std::uint32_t id);
  void filled(std::uint32_t id);
  void respond(std::uint32_t id);
  void finished(std::uint32_t id);
  Femtoseconds take_slice(Level& level, std::uint32_t id, Femtoseconds t);
  void write_back(std::size_t level);
  std::uint32_t hold(Level& level, std::uint64_t address, Bytes bytes);
  std::uint64_t scattered(std::uint64_t line) const;
  std::uint32_t flits(Bytes bytes) const;
  std::uint64_t hops(std::uint32_t from, std::uint32_t to) const;  // channels on the way
};

}  // namespace orrery
