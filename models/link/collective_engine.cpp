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

std::uint64_t CollectiveEngine::granule_bytes(const CollectiveTask& task) {
  return std::min(kGranuleBytes, std::max<std::uint64_t>(1, ring_chunk_bytes(task.bytes, task.devices)));
}

std::uint32_t CollectiveEngine::granules(const CollectiveTask& task) {
  const std::uint64_t chunk = ring_chunk_bytes(task.bytes, task.devices);
  return static_cast<std::uint32_t>(ceil_div(chunk, granule_bytes(task))) * task.devices;
}

void CollectiveEngine::begin(const CollectiveTask& task, Femtoseconds t, std::uint32_t input,
                             std::uint32_t output) {
  input_ = input;
  output_ = output;
  granule_ = granule_bytes(task);
  task_ = task;
  steps_ = ring_steps(task.kind, task.devices);
  chunk_ = ring_chunk_bytes(task.bytes, task.devices);
  end_ = t;
  devices_.assign(task.devices, Device{});
  running_ = task.devices;
  for (Device& device : devices_) {
    device.received.assign(steps_, 0);
    device.wake = t + from_ns(spec_.base_ns + spec_.step_ns);
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
  wake_at(wake_, next, source_.value);
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
    devices_.clear();
    listener_.collective_done(end_);
    return;
  }
  rearm();
}

Granule CollectiveEngine::granule_of(std::uint32_t chunk, std::uint64_t offset, std::uint64_t bytes,
                                     std::uint32_t first) const {
  Granule granule;
  granule.source = source_;
  granule.bytes = granule.tile_bytes = bytes;
  const auto per_chunk = static_cast<std::uint32_t>(ceil_div(chunk_, granule_));
  if (first != kNoEntry)
    granule.entry = first + chunk * per_chunk + static_cast<std::uint32_t>(offset / granule_);
  return granule;
}

// Sends one granule of the device's current step; reads run ahead of the link by the memory's latency.
void CollectiveEngine::send_next(std::uint32_t d, Femtoseconds now) {
  Device& device = devices_[d];
  const std::uint64_t bytes = std::min(granule_, chunk_ - device.offset);
  Femtoseconds from = now;
  Femtoseconds next = 0;
  if (d == 0) {  // device 0 reads what it sends through its own memory system: its own part first, then
                 // partial sums
    const std::uint32_t chunk = device.step % task_.devices;
    const Granule granule = granule_of(chunk, device.offset, bytes, device.step == 0 ? input_ : output_);
    counts_.requested_read_bytes += bytes;
    ++counts_.granules;
    const Reservation read = network->reserve(granule, now);
    // The link sends what has been read while the rest of the granule follows; the next read follows this
    // one.
    from = std::max(now, read.done() - links_[d]->service(bytes));
    next = std::max(now, read.finish);
    counts_.link_bytes += bytes;
  }
  const ChipLink::Transfer transfer = links_[d]->send(bytes, from);
  const std::uint32_t step = device.step;
  const auto receiver = static_cast<std::uint32_t>((d + 1) % devices_.size());
  devices_[receiver].stored =
      std::max(devices_[receiver].stored, store(receiver, step, device.offset, bytes, transfer));
  device.offset += bytes;
  if (device.offset < chunk_) {
    device.wake = d == 0 ? next : transfer.start + links_[d]->service(bytes);
    return;
  }
  device.offset = 0;
  ++device.step;
  receive(receiver, step, devices_[receiver].stored);
  // The device goes on with the next step once it holds that step's data.
  if (device.step < steps_ && device.received[device.step - 1] > 0) {
    device.wake = std::max(now, device.received[device.step - 1]) + from_ns(spec_.step_ns);
  }
}

// When a granule that arrives is in the receiver's memory: posted as it comes in; partial sums are added on
// the way.
Femtoseconds CollectiveEngine::store(std::uint32_t receiver, std::uint32_t step, std::uint64_t offset,
                                     std::uint64_t bytes, const ChipLink::Transfer& transfer) {
  if (receiver != 0) return transfer.arrival;
  Granule granule = granule_of((step + 1) % task_.devices, offset, bytes, output_);
  granule.write = true;
  counts_.requested_write_bytes += bytes;
  ++counts_.granules;
  const bool sums = task_.kind != CollectiveKind::all_gather && step + 1 < task_.devices;
  if (sums) counts_.vector_ops += bytes / 2;
  return std::max(transfer.arrival, network->reserve(granule, now_fs()).finish);
}

void CollectiveEngine::receive(std::uint32_t d, std::uint32_t step, Femtoseconds at) {
  Device& device = devices_[d];
  device.received[step] = std::max<Femtoseconds>(at, 1);
  end_ = std::max(end_, at);
  if (step + 1 == steps_) --running_;
  if (device.step == step + 1 && device.step < steps_ && device.wake == kNever) {
    device.wake = std::max(at, now_fs()) + from_ns(spec_.step_ns);
  }
}

std::string CollectiveEngine::waiting_for() const {
  return std::string(name()) + ": " + std::to_string(running_) + " device(s) of the ring wait for data";
}

}  // namespace orrery
