#pragma once
// What decides which DRAM command issues when: the queues of a channel's controller, its refreshes and its
// choice. Time is in ticks of DramTimingState. A request that arrives in a
// tick may issue in it.

#include <algorithm>
#include <memory>

#include "sim/timing/dram/dram_request.h"
#include "sim/timing/dram/refresh_queue.h"
#include "sim/util/units.h"

namespace orrery {

class DramScheduler {
 public:
  static constexpr DramTick kNever = INT64_MAX;

  DramScheduler(const DramDevice& device, DramSink& sink);
  virtual ~DramScheduler() = default;
  DramScheduler(const DramScheduler&) = delete;
  DramScheduler& operator=(const DramScheduler&) = delete;

  virtual bool full(bool write) const = 0;
  virtual void add(DramRequest request) = 0;  // only while not full
  // A write to this burst is queued: a read takes its data from there, another write replaces it.
  virtual bool write_queued(const DramRequest& request) const = 0;
  // Issues what may issue at `now`; returns the next tick at which anything may, unless a request arrives.
  virtual DramTick step(DramTick now) = 0;
  virtual bool idle() const = 0;

  const DramCommandCounts& counts() const { return counts_; }
  const DramTimingState& timing() const { return timing_; }

 protected:
  DramTimingState timing_;
  RefreshQueue refresh_;
  DramCommandCounts counts_;
  const DramControllerSpec policy_;
  std::uint64_t arrivals_ = 0;

  // `t` or, for commands that start on the rising edge only, the first such tick that is not past.
  DramTick on_edge(DramTick t, DramTick now) const {
    const DramTick edge = timing_.ticks_per_clock();
    return edge == 1 ? t : round_up(std::max(t, now), edge);
  }
  void issue_column(const DramRequest& request, DramTick now);
  void issue_row(DramCommand command, const DramRequest& request, DramTick now);

 private:
  DramSink& sink_;
};

std::unique_ptr<DramScheduler> make_dram_scheduler(const DramDevice& device, DramSink& sink);

}  // namespace orrery
