#pragma once
// A burst on its way through a DRAM controller, and what a scheduler tells its owner.

#include <cstdint>

#include "sim/timing/dram/dram_timing_state.h"

namespace orrery {

struct DramRequest {
  std::uint32_t bank = 0;  // flat index over the channel
  std::uint32_t row = 0;
  std::uint32_t column = 0;
  bool write = false;
  DramTick arrived = 0;
  std::uint64_t order = 0;  // of arrival; set by the scheduler
  void* owner = nullptr;    // whose request it is; not looked into

  bool same_burst(const DramRequest& other) const {
    return bank == other.bank && row == other.row && column == other.column;
  }
};

class DramSink {
 public:
  virtual ~DramSink() = default;
  // All data of a read is there at `t`, which never decreases from call to call.
  virtual void read_done(void* owner, DramTick t) = 0;
  // A command to a bank was issued at `t` (refreshes and what they close are not told).
  virtual void command_issued(DramCommand command, const DramRequest& request, DramTick t) {
    (void)command;
    (void)request;
    (void)t;
  }
};

// Commands a channel issued, for energy and tests.
struct DramCommandCounts {
  std::uint64_t activates = 0, precharges = 0, reads = 0, writes = 0;
  std::uint64_t refreshes = 0, bank_refreshes = 0;
};

}  // namespace orrery
