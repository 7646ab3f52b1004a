#include "models/link/node_network.h"

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

constexpr std::uint64_t kGranuleBytes = 128 * kKiB;
constexpr std::uint64_t kGranulesATransfer = 64;  // a long transfer moves in no more

}  // namespace

NodeNetwork::NodeNetwork(const sc_core::sc_module_name& name, const NodeFile& node, std::uint32_t devices,
                         double share)
    : sc_module(name), links_(node, devices, share), calendars_(links_.links().size()) {
  SC_HAS_PROCESS(NodeNetwork);
  SC_METHOD(step);
  sensitive << wake_;
  dont_initialize();
}

std::size_t NodeNetwork::start(CollectiveSchedule schedule, Femtoseconds t, Femtoseconds base,
                               Femtoseconds step) {
  Run run;
  run.schedule = std::move(schedule);
  const std::size_t n = run.schedule.size();
  run.missing.resize(n);
  run.waiting.resize(n);
  run.sent.assign(n, 0);
  run.ready.assign(n, 0);
  run.left = n;
  run.step = step;
  run.end = t + base;
  for (std::uint32_t i = 0; i < n; ++i) {
    run.missing[i] = static_cast<std::uint32_t>(run.schedule[i].after.size());
    for (const std::uint32_t before : run.schedule[i].after) run.waiting[before].push_back(i);
  }
  runs_.push_back(std::move(run));
  const auto id = static_cast<std::uint32_t>(runs_.size() - 1);
  if (n > 0) ++running_;
  for (std::uint32_t i = 0; i < n; ++i) {
    if (runs_[id].missing[i] == 0) plan(t + base + step, id, i, false);
  }
  rearm();
  return id;
}

void NodeNetwork::plan(Femtoseconds at, std::uint32_t run, std::uint32_t transfer, bool arrival) {
  agenda_.push({at, order_++, run, transfer, arrival});
}

void NodeNetwork::rearm() {
  if (agenda_.empty()) return;
  const Femtoseconds now = static_cast<Femtoseconds>(sc_core::sc_time_stamp().value());
  const Femtoseconds wait = std::max<Femtoseconds>(0, agenda_.top().at - now);
  wake_.notify(sc_core::sc_time::from_value(static_cast<std::uint64_t>(wait)));
}

void NodeNetwork::step() {
  const auto now = static_cast<Femtoseconds>(sc_core::sc_time_stamp().value());
  while (!agenda_.empty() && agenda_.top().at <= now) {
    const Wake wake = agenda_.top();
    agenda_.pop();
    wake.arrival ? arrive(wake.run, wake.transfer, now) : send(wake.run, wake.transfer, now);
  }
  rearm();
}

// One granule; the next follows when the first link of the way is free again.
void NodeNetwork::send(std::uint32_t id, std::uint32_t i, Femtoseconds now) {
  Run& run = runs_[id];
  const CollectiveTransfer& transfer = run.schedule[i];
  const std::uint64_t granule = std::max(kGranuleBytes, ceil_div(transfer.bytes, kGranulesATransfer));
  const std::uint64_t bytes = std::min(granule, transfer.bytes - run.sent[i]);
  Femtoseconds finish = now;
  Femtoseconds first_free = now;
  Femtoseconds latency = 0;
  bool first = true;
  for (const std::uint32_t l : links_.way(transfer.from, transfer.to)) {
    const NodeLinks::Link& link = links_.links()[l];
    const auto service = static_cast<Femtoseconds>(std::ceil(static_cast<double>(bytes) * link.fs_per_byte));
    const Femtoseconds end = calendars_[l].reserve(now, service);
    finish = std::max(finish, end);
    if (first) first_free = end;
    first = false;
    latency += link.latency;
    link_bytes_ += bytes;
  }
  ++granules_;
  run.sent[i] += bytes;
  if (run.sent[i] < transfer.bytes) {
    plan(first_free, id, i, false);
  } else {
    plan(finish + latency, id, i, true);
  }
}

void NodeNetwork::arrive(std::uint32_t id, std::uint32_t i, Femtoseconds now) {
  Run& run = runs_[id];
  run.end = std::max(run.end, now);
  if (--run.left == 0) --running_;
  for (const std::uint32_t next : run.waiting[i]) {
    if (--run.missing[next] == 0) plan(now + run.step, id, next, false);
  }
}

std::string NodeNetwork::waiting_for() const {
  return std::string(name()) + ": " + std::to_string(running_) + " collective(s) have transfers to make";
}

}  // namespace orrery
