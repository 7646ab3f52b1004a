#pragma once
// FR-FCFS: of all waiting requests the oldest whose next command may issue goes first. A row is not closed
// under an older request that hits it; at most `row_hit_cap` younger hits pass an older request. Writes
// gather and drain between two watermarks. A request whose row was opened for it keeps it until its data has
// moved, and no longer takes a place in the queue. Nothing new starts while an all-bank refresh is due.

#include <vector>

#include "sim/timing/dram/dram_scheduler.h"

namespace orrery {

class OldestReadyScheduler final : public DramScheduler {
 public:
  OldestReadyScheduler(const DramDevice& device, DramSink& sink);

  bool full(bool write) const override {
    return write ? waiting_[1] >= policy_.write_queue : waiting_[0] >= policy_.read_queue;
  }
  void add(DramRequest request) override;
  bool write_queued(const DramRequest& request) const override;
  DramTick step(DramTick now) override;
  bool idle() const override { return waiting_[0] + waiting_[1] + owners_ == 0; }

 private:
  struct Bank {
    std::vector<DramRequest> waiting[2];  // reads, writes; oldest first
    DramRequest owner;                    // the request the open row was opened for
    bool owned = false;
  };
  struct Choice {
    bool found = false;
    bool owner = false;
    DramCommand command = DramCommand::read;
    std::uint32_t bank = 0;
    std::size_t index = 0;
    std::uint64_t order = 0;
  };

  std::vector<Bank> banks_;
  std::vector<std::uint32_t> busy_[2];     // banks with reads, writes waiting
  std::vector<std::uint32_t> busy_at_[2];  // place of a bank in busy_
  std::vector<std::uint32_t> owned_;       // banks with an owner
  std::size_t waiting_[2] = {0, 0};
  std::size_t owners_ = 0;
  bool write_mode_ = false;
  bool split_bus_;
  bool closed_page_;

  void choose(bool writes, DramTick now, Choice& column, Choice& row, DramTick& next);
  void choose_owner(DramTick now, Choice& column, DramTick& next);
  void consider(DramTick t, DramTick now, const Choice& candidate, Choice& best, DramTick& next) const;
  void update_mode();
  void issue(const Choice& choice, DramTick now);
  void remove(std::uint32_t bank, bool write, std::size_t index);
  bool row_wanted(std::uint32_t bank, std::uint32_t row) const;
};

}  // namespace orrery
