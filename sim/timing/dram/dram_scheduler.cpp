#include "sim/timing/dram/dram_scheduler.h"

#include "sim/timing/dram/bank_round_robin_scheduler.h"
#include "sim/timing/dram/oldest_ready_scheduler.h"

namespace orrery {

DramScheduler::DramScheduler(const DramDevice& device, DramSink& sink)
    : timing_(device), refresh_(device, timing_.ticks_per_clock()), policy_(device.controller), sink_(sink) {}

void DramScheduler::issue_column(const DramRequest& request, DramTick now) {
  const DramCommand command = request.write ? DramCommand::write : DramCommand::read;
  timing_.issue(command, request.bank, now);
  sink_.command_issued(command, request, now);
  if (request.write) {
    ++counts_.writes;
  } else {
    ++counts_.reads;
    sink_.read_done(request.owner, now + timing_.read_latency());
  }
}

void DramScheduler::issue_row(DramCommand command, const DramRequest& request, DramTick now) {
  timing_.issue(command, request.bank, now, request.row);
  sink_.command_issued(command, request, now);
  ++(command == DramCommand::activate ? counts_.activates : counts_.precharges);
}

std::unique_ptr<DramScheduler> make_dram_scheduler(const DramDevice& device, DramSink& sink) {
  if (device.controller.scheduling == DramScheduling::bank_round_robin)
    return std::make_unique<BankRoundRobinScheduler>(device, sink);
  return std::make_unique<OldestReadyScheduler>(device, sink);
}

}  // namespace orrery
