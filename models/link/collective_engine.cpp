#include "models/link/collective_engine.h"

#include <algorithm>
#include <string>

namespace orrery {
namespace {

constexpr std::uint64_t kGranuleBytes = 128 * kKiB;  // a link moves what a channel of a library moves at once
constexpr Femtoseconds kNever = INT64_MAX;

}  // namespace

CollectiveEngine::CollectiveEngine(const sc_core::sc_module_name& name, const LinkSpec& spec, CoreId source,
                                   ActivityCounts& counts, CollectiveListener& listener)
    : sc_module(name), spec_(spec), source_(source), counts_(counts), listener_(listener) {
  SC_HAS_PROCESS(CollectiveEngine);
  SC_METHOD(step);
  sensitive << wake_;
  dont_initialize();
}

void CollectiveEngine::prepare(std::uint32_t devices) {
  while (links_.size() < devices) {
    const std::string link_name = "link" + std::to_string(links_.size());
    links_.push_back(std::make_unique<ChipLink>(link_name.c_str(), spec_));
  }
}

void CollectiveEngine::reset() {
  for (auto& link : links_) link->reset();
}

void CollectiveEngine::begin(const CollectiveTask& task, Femtoseconds t) {
  task_ = task;
  steps_ = ring_steps(task.kind, task.devices);
  chunk_ = ring_chunk_bytes(task.bytes, task.devices);
  end_ = t;
  devices_.assign(task.devices, Device{});
  running_ = task.devices;
  for (Device& device : devices_) {
    device.received.assign(steps_, 0);
    device.ready = t;
    device.wake = t + from_ns(spec_.step_ns);
  }
  if (steps_ == 0) {  // one device has nothing to exchange
    running_ = 0;
    listener_.collective_done(t);
    return;
  }
  rearm();
}

void CollectiveEngine::rearm() {
  Femtoseconds next = kNever;
  for (const Device& device : devices_) next = std::min(next, device.wake);
  if (next == kNever) return;
  wake_.cancel();
  wake_.notify(fs_time(std::max(wake_time(next, source_.value), now_fs()) - now_fs()));
}

void CollectiveEngine::step() {
  const Femtoseconds now = now_fs();
  for (std::uint32_t d = 0; d < devices_.size(); ++d) {
    if (devices_[d].wake <= now) {
      devices_[d].wake = kNever;
      send_next(d, now);
    }
  }
  if (running_ == 0) {
    running_ = 0;
    devices_.clear();
    listener_.collective_done(end_);
    return;
  }
  rearm();
}

// Sends one granule of the device's current step; the next one when the link has taken it.
void CollectiveEngine::send_next(std::uint32_t d, Femtoseconds now) {
  Device& device = devices_[d];
  const std::uint64_t bytes = std::min(kGranuleBytes, chunk_ - device.offset);
  Femtoseconds from = now;
  if (d == 0) {  // device 0 reads what it sends through its own memory system
    Granule granule;
    granule.source = source_;
    granule.bytes = granule.tile_bytes = bytes;
    counts_.requested_read_bytes += bytes;
    ++counts_.granules;
    from = std::max(from, network->reserve(granule, now).finish);
    counts_.link_bytes += bytes;
  }
  const Femtoseconds arrived = links_[d]->send(bytes, from);
  device.offset += bytes;
  const std::uint32_t step = device.step;
  if (device.offset < chunk_) {
    device.wake = std::max(now, arrived - from_ns(spec_.latency_ns));
    return;
  }
  const auto receiver = static_cast<std::uint32_t>((d + 1) % devices_.size());
  device.offset = 0;
  ++device.step;
  receive(receiver, step, arrived);
  // The device goes on with the next step once it holds that step's data.
  if (device.step < steps_ && device.received[device.step - 1] > 0) {
    device.wake = std::max(now, device.received[device.step - 1]) + from_ns(spec_.step_ns);
  }
}

void CollectiveEngine::receive(std::uint32_t d, std::uint32_t step, Femtoseconds at) {
  Device& device = devices_[d];
  Femtoseconds stored = at;
  if (d == 0) {
    Granule granule;
    granule.source = source_;
    granule.bytes = granule.tile_bytes = chunk_;
    granule.write = true;
    counts_.requested_write_bytes += chunk_;
    ++counts_.granules;
    stored = std::max(at, network->reserve(granule, now_fs()).finish);
  }
  device.received[step] = std::max<Femtoseconds>(stored, 1);
  end_ = std::max(end_, stored);
  if (step + 1 == steps_) --running_;
  if (device.step == step + 1 && device.step < steps_ && device.wake == kNever) {
    device.wake = stored + from_ns(spec_.step_ns);
  }
}

std::string CollectiveEngine::waiting_for() const {
  return std::string(name()) + ": " + std::to_string(running_) + " device(s) of the ring wait for data";
}

}  // namespace orrery
