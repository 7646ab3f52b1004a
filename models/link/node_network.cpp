#include "models/link/node_network.h"

#include <algorithm>
#include <cmath>

#include "models/core/clock_domain.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

constexpr std::uint64_t kGranuleBytes = 128 * kKiB;  // a link moves what a channel of a library moves at once
constexpr std::uint64_t kGranulesATransfer = 64;     // a long transfer moves in no more
constexpr std::uint32_t kSimulatedChip = 0;

}  // namespace

NodeNetwork::NodeNetwork(const sc_core::sc_module_name& name, const NodeSpec& node, std::uint32_t source,
                         ChipDoor* door)
    : sc_module(name), node_(node), source_(source), door_(door) {
  SC_HAS_PROCESS(NodeNetwork);
  SC_METHOD(step);
  sensitive << wake_;
  dont_initialize();
}

void NodeNetwork::reset() {
  runs_.clear();
  running_ = 0;
  agenda_ = {};
  for (Calendar& c : calendars_) c.reset();
}

std::size_t NodeNetwork::start(std::shared_ptr<const PlannedCollective> planned, std::uint32_t devices,
                               Femtoseconds t) {
  if (!links_ || links_->devices() != devices) {
    if (running_ > 0) throw SimulationError(name(), "a collective over another number of chips is under way");
    links_ = std::make_unique<NodeLinks>(node_, devices);
    calendars_.assign(links_->links().size(), Calendar());
  }
  Run run;
  run.plan = std::move(planned);
  const CollectiveSchedule& schedule = run.plan->schedule;
  const std::size_t n = schedule.size();
  const Femtoseconds base = from_seconds(run.plan->base_s);
  run.missing.resize(n);
  run.waiting.resize(n);
  run.sent.assign(n, 0);
  run.stored.assign(n, 0);
  run.left = n;
  run.step = from_seconds(run.plan->step_s);
  run.end = t + base;
  for (std::uint32_t i = 0; i < n; ++i) {
    run.missing[i] = static_cast<std::uint32_t>(schedule[i].after.size());
    for (const std::uint32_t before : schedule[i].after) run.waiting[before].push_back(i);
  }
  runs_.push_back(std::move(run));
  const auto id = static_cast<std::uint32_t>(runs_.size() - 1);
  if (n > 0) ++running_;
  for (std::uint32_t i = 0; i < n; ++i) {
    if (runs_[id].missing[i] == 0) plan(t + base + runs_[id].step, id, i, false);
  }
  rearm();
  return id;
}

void NodeNetwork::plan(Femtoseconds at, std::uint32_t run, std::uint32_t transfer, bool arrival) {
  agenda_.push({at, order_++, run, transfer, arrival});
}

void NodeNetwork::rearm() {
  if (!agenda_.empty()) wake_at(wake_, agenda_.top().at, source_);
}

void NodeNetwork::step() {
  const Femtoseconds now = now_fs();
  while (!agenda_.empty() && agenda_.top().at <= now) {
    const Wake wake = agenda_.top();
    agenda_.pop();
    wake.arrival ? arrive(wake.run, wake.transfer, now) : send(wake.run, wake.transfer, now);
  }
  rearm();
}

// One granule; the next follows when the first link of the way, and the memory it is read from, are free.
void NodeNetwork::send(std::uint32_t id, std::uint32_t i, Femtoseconds now) {
  Run& run = runs_[id];
  const CollectiveTransfer& transfer = run.plan->schedule[i];
  const std::uint64_t granule = std::max(kGranuleBytes, ceil_div(transfer.bytes, kGranulesATransfer));
  const Bytes bytes{std::min(granule, transfer.bytes - run.sent[i])};
  const Bytes offset{transfer.offset + run.sent[i]};
  const auto& way = links_->way(transfer.from, transfer.to);
  const auto service_on = [&](std::uint32_t l) {
    return static_cast<Femtoseconds>(
        std::ceil(bytes.real() * links_->links()[l].fs_per_byte / run.plan->share));
  };
  Femtoseconds from = now;
  Femtoseconds next = now;
  const bool reads = door_ != nullptr && transfer.from == kSimulatedChip;
  if (reads) {
    // The link sends what has been read while the rest of the granule follows.
    const Reservation read = door_->read(transfer, offset, bytes, now);
    from = std::max(now, read.done() - service_on(way.front()));
    next = std::max(now, read.finish);
  }
  Femtoseconds finish = from;
  Femtoseconds latency = 0;
  for (std::size_t hop = 0; hop < way.size(); ++hop) {
    const Femtoseconds service = service_on(way[hop]);
    const Femtoseconds end = calendars_[way[hop]].reserve(from, service);
    finish = std::max(finish, end);
    // Memory is read one granule ahead of the link.
    if (hop == 0) next = std::max(next, reads ? end - service : end);
    latency += links_->links()[way[hop]].latency;
    link_bytes_ += bytes;
  }
  if (door_ != nullptr && transfer.to == kSimulatedChip)
    run.stored[i] =
        std::max(run.stored[i], door_->write(transfer, Bytes{transfer.stored_at + run.sent[i]}, bytes, now));
  ++granules_;
  run.sent[i] += bytes.value();
  if (run.sent[i] < transfer.bytes) {
    plan(next, id, i, false);
  } else {
    plan(std::max(finish + latency, run.stored[i]), id, i, true);
  }
}

void NodeNetwork::arrive(std::uint32_t id, std::uint32_t i, Femtoseconds now) {
  Run& run = runs_[id];
  run.end = std::max(run.end, now);
  for (const std::uint32_t next : run.waiting[i]) {
    if (--run.missing[next] == 0) plan(now + run.step, id, next, false);
  }
  if (--run.left > 0) return;
  --running_;
  if (door_ != nullptr) door_->finished(id, run.end);
}

std::string NodeNetwork::waiting_for() const {
  return std::string(name()) + ": " + std::to_string(running_) + " collective(s) have transfers to make";
}

}  // namespace orrery
