#pragma once
// Refreshes that are due: all banks of a pseudo channel every tREFI, or bank after bank every tREFIpb. A due
// refresh first closes what is open in its scope.

#include <vector>

#include "sim/timing/dram/dram_request.h"

namespace orrery {

class RefreshQueue {
 public:
  RefreshQueue(const DramDevice& device, std::uint32_t ticks_per_clock);

  // Queues what has become due.
  void collect(DramTick now) {
    if (now >= next_due_) queue_due(now);
  }
  bool pending() const { return head_ < due_.size(); }
  DramTick next_due() const { return next_due_; }
  // The bank waits for a refresh (or its whole pseudo channel does): nothing new may start in it.
  bool blocks(std::uint32_t bank) const;
  bool per_bank() const { return per_bank_; }

  // The command the first refresh needs, if it may issue now; else when it may, in `next`. The caller keeps
  // banks with data transfers under way from closing: `may_close(bank)`.
  template <class MayClose>
  bool issue(DramTick now, DramTimingState& timing, DramCommandCounts& counts, MayClose may_close,
             DramTick& next) {
    if (per_bank_) return issue_bank(now, timing, counts, may_close, next);
    const std::uint32_t scope = due_[head_];
    const std::uint32_t first = scope * timing.banks_in_scope();
    if (timing.any_open(scope)) {
      for (std::uint32_t b = first; b < first + timing.banks_in_scope(); ++b) {
        if (!may_close(b)) return false;  // a column command will wake us
      }
      const DramTick t = timing.earliest_precharge_all(scope);
      if (t > now) return wait(t, next);
      timing.issue_precharge_all(scope, now);
      ++counts.precharges;
      return true;
    }
    const DramTick t = timing.earliest_refresh_all(scope);
    if (t > now) return wait(t, next);
    timing.issue_refresh_all(scope, now);
    ++counts.refreshes;
    pop();
    return true;
  }

 private:
  bool per_bank_;
  std::uint32_t scopes_, banks_;  // banks of a scope
  DramTick interval_;
  DramTick next_due_;
  std::uint32_t next_bank_ = 0;
  std::vector<std::uint32_t> due_;  // scopes or flat banks, from head_ on
  std::size_t head_ = 0;

  void queue_due(DramTick now);
  void pop();
  static bool wait(DramTick t, DramTick& next) {
    if (t < next) next = t;
    return false;
  }

  template <class MayClose>
  bool issue_bank(DramTick now, DramTimingState& timing, DramCommandCounts& counts, MayClose may_close,
                  DramTick& next) {
    const std::uint32_t bank = due_[head_];
    if (timing.open_row(bank) != DramTimingState::kClosed) {
      if (!may_close(bank)) return false;
      const DramTick t = timing.earliest(DramCommand::precharge, bank);
      if (t > now) return wait(t, next);
      timing.issue(DramCommand::precharge, bank, now);
      ++counts.precharges;
      return true;
    }
    const DramTick t = timing.earliest_refresh(bank);
    if (t > now) return wait(t, next);
    timing.issue(DramCommand::refresh, bank, now);
    ++counts.bank_refreshes;
    pop();
    return true;
  }
};

}  // namespace orrery
