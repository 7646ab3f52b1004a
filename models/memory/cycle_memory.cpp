#include "models/memory/cycle_memory.h"

#include <algorithm>
#include <cmath>

#include "models/noc/routed_network.h"

namespace orrery {
namespace {

constexpr std::uint64_t kForeignAddress = std::uint64_t{1} << 60;  // of other tensors' lines

// Bytes a cycle behind the network.
double memory_side_rate(const ArchSpec& arch) {
  if (!arch.shared_levels.empty()) return arch.shared_levels.front().bytes_per_cycle;
  return arch.dram.peak_bytes_per_s() / arch.clock_hz;
}

}  // namespace

// A crossbar has a port a core and as many to memory as its rate takes; its wires make up the latency that
// the router's own cycles leave.
NocSpec CycleMemory::network_spec(const ArchSpec& arch) {
  if (arch.network.routed) return *arch.network.routed;
  NocSpec spec;
  spec.topology = NocTopology::crossbar;
  spec.routing = NocRouting::destination_tag;
  const double ports = std::ceil(memory_side_rate(arch) / arch.network.port_bytes_per_cycle);
  spec.k = arch.cores.count + std::max(1u, static_cast<std::uint32_t>(ports));
  spec.n = 1;
  spec.router.name = "crossbar";
  spec.router.input_speedup = 2;
  const RouterSpec& r = spec.router;
  const double router = r.pipeline_cycles();
  const double one_way = arch.network.latency_ns * 1e-9 * arch.clock_hz / 2;
  spec.terminal_latency = std::max(1u, static_cast<std::uint32_t>(std::lround((one_way - router) / 2)));
  // Credits must cover the way there and back.
  spec.router.vc_buffer_flits = std::max(8u, 2 * spec.terminal_latency + r.credit_delay + 4);
  return spec;
}

CycleMemory::CycleMemory(const sc_core::sc_module_name& name, const ArchSpec& arch, const ClockDomain& clock,
                         ActivityCounts& counts)
    : sc_module(name),
      arch_(arch),
      clock_(clock),
      counts_(counts),
      graph_(network_spec(arch)),
      flit_bytes_(std::max<std::uint64_t>(1, std::llround(arch.network.port_bytes_per_cycle))),
      line_bytes_(std::max(flit_bytes_, arch.dram.interleave_bytes)) {
  if (arch.network.routed) {
    core_nodes_ = place_cores(graph_, arch.network, arch.cores.count);
    memory_nodes_ = arch.network.memory_nodes;
  } else {
    for (std::uint32_t i = 0; i < graph_.nodes(); ++i)
      (i < arch.cores.count ? core_nodes_ : memory_nodes_).push_back(i);
  }
  network_ = std::make_unique<ClockedNetwork>("network", graph_, clock, *this);
  dram_ = std::make_unique<CycleDram>("dram", arch.dram, *this);
  for (const SramLevelSpec& spec : arch.shared_levels) {
    levels_.push_back({&spec, LineCache(Bytes{spec.size_bytes}), std::vector<Calendar>(memory_nodes_.size()),
                       std::vector<Calendar>(spec.partitions)});
  }
  SC_HAS_PROCESS(CycleMemory);
  SC_METHOD(run);
  sensitive << wake_;
  dont_initialize();
}

std::uint32_t CycleMemory::flits(Bytes bytes) const {
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(1, ceil_div(bytes.value(), flit_bytes_)));
}

std::uint64_t CycleMemory::hops(std::uint32_t from, std::uint32_t to) const {
  return arch_.network.routed ? graph_.path(from, to, 0).size() : 1;
}

// A place far from the next line's, another row or bank in all likelihood (an odd factor permutes them).
std::uint64_t CycleMemory::scattered(std::uint64_t line) const {
  const std::uint64_t lines = arch_.dram.capacity_bytes / line_bytes_;
  std::uint64_t span = 1;
  while (span * 2 <= lines) span *= 2;
  return line * 0x9E3779B97F4A7C15ULL % span;
}

void CycleMemory::transfer(const LineTransfer& what) {
  if (free_transfers_.empty()) {
    free_transfers_.push_back(static_cast<std::uint32_t>(transfers_.size()));
    transfers_.emplace_back();
  }
  const std::uint32_t index = free_transfers_.back();
  free_transfers_.pop_back();
  transfers_[index] = {what, 0, TimeCategory::wait};
  const std::uint64_t end = what.address + std::max<std::uint64_t>(1, what.bytes.value());
  for (std::uint64_t at = what.address; at < end;) {
    const std::uint64_t next = std::min(end, (at / line_bytes_ + 1) * line_bytes_);
    if (free_requests_.empty()) {
      free_requests_.push_back(static_cast<std::uint32_t>(requests_.size()));
      requests_.emplace_back();
    }
    const std::uint32_t id = free_requests_.back();
    free_requests_.pop_back();
    Request& r = requests_[id];
    r = Request{};
    r.transfer = index;
    const std::uint64_t line = at / line_bytes_;
    r.address = (what.irregular ? scattered(line) : line) * line_bytes_;
    r.bytes = Bytes{next - at};
    r.sent = now_fs();
    // Neighbours on different nodes; rows of nodes are not all hit by one stride.
    const std::uint64_t place = r.address / line_bytes_;
    r.node = static_cast<std::uint32_t>((place + place / memory_nodes_.size()) % memory_nodes_.size());
    ++transfers_[index].lines_left;
    ++open_requests_;
    counts_.noc_bytes += r.bytes.value();
    counts_.noc_hop_bytes += r.bytes.value() * hops(core_nodes_[what.core.value], memory_nodes_[r.node]);
    network_->send(core_nodes_[what.core.value], memory_nodes_[r.node], what.write ? flits(r.bytes) : 1, id);
    at = next;
  }
}

void CycleMemory::packet_arrived(std::uint64_t tag) {
  const auto id = static_cast<std::uint32_t>(tag);
  Request& r = requests_[id];
  if (r.answered) {
    finished(id);
    return;
  }
  r.arrived = now_fs();
  transfers_[r.transfer].what.write ? write_line(id) : read_line(id);
}

// The slice's turn, and the crossing to it when the core is near to another partition.
Femtoseconds CycleMemory::take_slice(Level& level, std::uint32_t id, Femtoseconds t) {
  Request& r = requests_[id];
  const SramLevelSpec& spec = *level.spec;
  const double nodes = static_cast<double>(memory_nodes_.size());
  const auto bytes = r.bytes.real();
  Femtoseconds end =
      level.slices[r.node].reserve(t, clock_.time(PartCycles{bytes * nodes / spec.bytes_per_cycle}));
  r.latency += from_ns(spec.latency_ns);
  if (spec.partitions == 1) return end;
  const std::uint32_t core = transfers_[r.transfer].what.core.value;
  const std::uint64_t home = std::uint64_t{r.node} * spec.partitions / memory_nodes_.size();
  const std::uint64_t near = std::uint64_t{core} * spec.partitions / arch_.cores.count;
  if (home == near) return end;
  r.latency += from_ns(spec.far_latency_ns);
  if (spec.far_bytes_per_cycle > 0)
    end = std::max(
        end, level.crossings[near].reserve(t, clock_.time(PartCycles{bytes / spec.far_bytes_per_cycle})));
  return end;
}

// Dirty lines that left a level go on to DRAM; nobody waits for them.
void CycleMemory::write_back(std::size_t level) {
  for (const EvictedLine& line : evicted_) {
    counted(level).writeback_bytes += line.bytes.value();
    counts_.dram_write_bytes += line.bytes.value();
    dram_->access(CycleDram::kPosted, line.address % kForeignAddress, line.bytes, true);
  }
  evicted_.clear();
}

// The level's line at `address`, new or grown to `bytes`; what had to leave is in evicted_.
std::uint32_t CycleMemory::hold(Level& level, std::uint64_t address, Bytes bytes) {
  const std::uint32_t line = level.lines.find(address);
  if (line == LineCache::kMissing) return level.lines.insert(address, bytes, evicted_);
  level.lines.grow(line, bytes, evicted_);
  return line;
}

void CycleMemory::read_line(std::uint32_t id) {
  Request& r = requests_[id];
  r.slice = now_fs();
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    Level& level = levels_[i];
    counted(i).read_bytes += r.bytes.value();
    r.slice = std::max(r.slice, take_slice(level, id, now_fs()));
    const std::uint32_t line = level.lines.find(r.address);
    if (line != LineCache::kMissing && level.lines[line].bytes >= r.bytes) {
      level.lines.touch(line);
      if (i > 0) {
        later(r.slice, id, Then::fill);
      } else if (level.lines[line].pending) {
        std::uint32_t& first = waiters_.try_emplace(r.address, kNone).first->second;
        r.next_waiter = first;
        r.missed = true;
        first = id;
      } else {
        later(r.slice + r.latency, id, Then::respond);
      }
      return;
    }
    counted(i).fill_bytes += r.bytes.value();
    r.missed = true;
    level.lines[hold(level, r.address, r.bytes)].pending = i == 0;
    write_back(i);
  }
  counts_.dram_read_bytes += r.bytes.value();
  r.missed = true;
  dram_->access(id, r.address, r.bytes, false);
}

void CycleMemory::write_line(std::uint32_t id) {
  Request& r = requests_[id];
  r.slice = now_fs();
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    Level& level = levels_[i];
    const bool outermost = i + 1 == levels_.size();
    counted(i).write_bytes += r.bytes.value();
    r.slice = std::max(r.slice, take_slice(level, id, now_fs()));
    level.lines[hold(level, r.address, r.bytes)].dirty = outermost;
    if (!outermost) counted(i).writeback_bytes += r.bytes.value();
    write_back(i);
  }
  if (!levels_.empty()) {
    later(r.slice + r.latency, id, Then::respond);
    return;
  }
  counts_.dram_write_bytes += r.bytes.value();
  r.missed = true;
  dram_->access(id, r.address, r.bytes, true);
}

void CycleMemory::dram_done(std::uint32_t id) {
  // A write is posted: the controller answers when its queue has it. Data comes back through the PHY.
  const bool write = transfers_[requests_[id].transfer].what.write;
  const Femtoseconds back = write ? 0 : from_ns(arch_.dram.controller_latency_ns);
  later(now_fs() + back, id, write ? Then::respond : Then::fill);
}

// The line is there: its reader and those who waited for it are answered.
void CycleMemory::filled(std::uint32_t id) {
  const Request& r = requests_[id];
  const Femtoseconds now = now_fs();
  later(std::max(now, r.slice) + r.latency, id, Then::respond);
  if (levels_.empty()) return;
  const std::uint32_t line = levels_[0].lines.find(r.address);
  if (line != LineCache::kMissing) levels_[0].lines[line].pending = false;
  const auto waiting = waiters_.find(r.address);
  if (waiting == waiters_.end()) return;
  for (std::uint32_t w = waiting->second; w != kNone; w = requests_[w].next_waiter)
    later(std::max(now, requests_[w].slice) + requests_[w].latency, w, Then::respond);
  waiters_.erase(waiting);
}

void CycleMemory::respond(std::uint32_t id) {
  Request& r = requests_[id];
  r.answered = true;
  r.left = now_fs();
  const LineTransfer& what = transfers_[r.transfer].what;
  network_->send(memory_nodes_[r.node], core_nodes_[what.core.value], what.write ? 1 : flits(r.bytes), id);
}

void CycleMemory::finished(std::uint32_t id) {
  const Request r = requests_[id];
  free_requests_.push_back(id);
  --open_requests_;
  Transfer& t = transfers_[r.transfer];
  const Femtoseconds network = now_fs() - r.left + r.arrived - r.sent;
  t.bound_by = network > r.left - r.arrived ? TimeCategory::noc
               : r.missed                   ? TimeCategory::dram
                                            : TimeCategory::shared;
  if (--t.lines_left > 0) return;
  const LineTransfer what = t.what;
  const TimeCategory bound_by = t.bound_by;
  free_transfers_.push_back(r.transfer);
  what.client->transfer_done(what.tag, bound_by);
}

void CycleMemory::later(Femtoseconds at, std::uint32_t request, Then then) {
  due_.push({at, sequence_++, request, then});
  wake_.notify(fs_time(std::max(at, now_fs()) - now_fs()));  // the earliest notification stands
}

void CycleMemory::run() {
  while (!due_.empty() && due_.top().at <= now_fs()) {
    const Due due = due_.top();
    due_.pop();
    due.then == Then::fill ? filled(due.request) : respond(due.request);
  }
  if (!due_.empty()) wake_.notify(fs_time(due_.top().at - now_fs()));
}

void CycleMemory::begin(const std::vector<ResidentRange>& resident, Bytes foreign_dirty_bytes) {
  for (Level& level : levels_) level.lines.clear();
  if (levels_.empty()) return;
  Level& outer = levels_.back();
  for (const ResidentRange& range : resident) {
    const std::uint64_t end = range.address + range.bytes.value();
    Bytes bytes = std::min(range.resident_bytes, range.bytes);
    Bytes dirty = range.dirty_bytes;
    for (std::uint64_t at = end; at > range.address && bytes > Bytes{};) {
      const std::uint64_t line = (at - 1) / line_bytes_ * line_bytes_;
      const Bytes here{at - std::max(line, range.address)};
      if (here > bytes || outer.lines.used_bytes() + here > Bytes{outer.spec->size_bytes}) break;
      outer.lines[outer.lines.insert(line, here, evicted_)].dirty = dirty >= here;
      dirty -= std::min(dirty, here);
      bytes -= here;
      at -= here.value();
    }
  }
  std::uint64_t at = kForeignAddress;
  for (Bytes left = foreign_dirty_bytes; left > Bytes{}; at += line_bytes_) {
    const Bytes here = std::min(left, line());
    if (outer.lines.used_bytes() + here > Bytes{outer.spec->size_bytes}) break;
    outer.lines[outer.lines.insert(at, here, evicted_, true)].dirty = true;
    left -= here;
  }
}

ResidentTensor CycleMemory::held(TensorId tensor, std::uint64_t address, Bytes bytes) const {
  ResidentTensor all{tensor, {}, {}};
  if (levels_.empty()) return all;
  levels_.back().lines.each([&](const LineCache::Line& line) {
    if (line.address < address || line.address >= address + bytes.value()) return;
    all.bytes += line.bytes;
    if (line.dirty) all.dirty_bytes += line.bytes;
  });
  return all;
}

Bytes CycleMemory::foreign_dirty_bytes() const {
  return held(TensorId{}, kForeignAddress, Bytes{kForeignAddress}).dirty_bytes;
}

std::string CycleMemory::waiting_for() const {
  return std::string(name()) + " has " + std::to_string(open_requests_) + " line(s) on their way";
}

}  // namespace orrery
