#pragma once
// A controller in two stages: requests wait in a read and a write queue and move on, one a clock, into a
// command queue a bank; the banks take turns, each issuing the first of its requests that may. The head of a
// bank's queue closes a row only when nothing queued behind it hits the row, or `row_hit_cap` commands have.
// Writes move on as one batch, when their queue is full or no read is left in the controller.

#include <vector>

#include "sim/timing/dram/dram_scheduler.h"

namespace orrery {

class BankRoundRobinScheduler final : public DramScheduler {
 public:
  BankRoundRobinScheduler(const DramDevice& device, DramSink& sink);

  bool full(bool write) const override {
    return write ? waiting_[1].size() >= policy_.write_queue : waiting_[0].size() >= policy_.read_queue;
  }
  void add(DramRequest request) override;
  bool write_queued(const DramRequest& request) const override;
  DramTick step(DramTick now) override;
  bool idle() const override { return waiting_[0].empty() && waiting_[1].empty() && queued_ == 0; }

 private:
  enum class Slot : std::uint8_t { none, row, column };

  std::vector<DramRequest> waiting_[2];  // reads, writes; oldest first
  std::vector<std::vector<DramRequest>> banks_;
  std::size_t queued_ = 0;    // in banks_
  std::size_t draining_ = 0;  // writes of the batch that have not moved on
  std::uint32_t turn_ = 0;
  bool split_bus_;
  bool closed_page_;

  bool move_one(DramTick now, DramTick& next);
  // Issues for the next bank in turn that can, not on `taken`'s bus; the bus it took.
  Slot issue_next(DramTick now, Slot taken, DramTick& next);
  Slot issue_bank(std::uint32_t bank, DramTick now, Slot taken, DramTick& next);
};

}  // namespace orrery
