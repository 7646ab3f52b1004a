#include "models/memory/sram_hierarchy.h"

#include <algorithm>
#include <cmath>

#include "sim/util/errors.h"

namespace orrery {
namespace {

// Spreads lines over slices and banks whatever the stride (splitmix64's mixer).
std::uint64_t spread(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

SramHierarchy::Time ticks(double cycles) {
  return static_cast<SramHierarchy::Time>(std::ceil(cycles * SramHierarchy::kTicksPerCycle));
}

// Cycles of `clock_hz`; those that were whole before they were nanoseconds are again.
SramHierarchy::Time ticks_of_ns(double ns, double clock_hz) {
  constexpr double kNoise = 1e-6;
  return ticks(ns * 1e-9 * clock_hz - kNoise / SramHierarchy::kTicksPerCycle);
}

}  // namespace

SramHierarchy::SramHierarchy(const SramHierarchySpec& spec, std::uint32_t private_levels)
    : spec_(spec), private_levels_(private_levels), stores_(spec.levels.size()), counts_(spec.levels.size()) {
  for (std::size_t l = 0; l < spec.levels.size(); ++l) {
    const SramLevelSpec& level = spec.levels[l];
    Store store;
    store.banks.resize(std::size_t{level.slice_count()} * level.banks * level.ports);
    store.crossings.resize(level.partitions);
    store.capacity = level.size_bytes / level.line_bytes;
    if (store.capacity == 0) throw ConfigError("", "level " + level.name + " holds no line");
    latency_.push_back(
        {ticks_of_ns(level.latency_ns, spec.clock_hz), ticks_of_ns(level.far_latency_ns, spec.clock_hz)});
    stores_[l].assign(l < private_levels ? spec.requesters : 1, store);
  }
}

SramHierarchy::Time SramHierarchy::access(std::uint32_t core, std::uint64_t address, std::uint32_t bytes,
                                          bool write, Time t) {
  return visit(0, core, address, bytes, write, t);
}

SramHierarchy::Time SramHierarchy::take_bank(std::size_t l, std::uint32_t core, std::uint64_t address,
                                             std::uint32_t bytes, Time t) {
  const SramLevelSpec& level = spec_.levels[l];
  Store& store = store_of(l, core);
  const std::uint64_t line = address / level.line_bytes;
  // Lines over slices by a hash, words over the banks of a slice in order: strides conflict there.
  const std::uint64_t slices = level.slice_count();
  const std::uint64_t slice = slices > 1 ? spread(line) % slices : 0;
  const std::uint64_t word = address / level.bank_width_bytes;
  const std::uint64_t bank = (slices > 1 ? word + spread(line) : word) % level.banks;
  Calendar* best = nullptr;
  for (std::uint32_t p = 0; p < level.ports; ++p) {
    Calendar& port = store.banks[(slice * level.banks + bank) * level.ports + p];
    if (best == nullptr || port.free_at() < best->free_at()) best = &port;
  }
  const double cycles = std::ceil(static_cast<double>(std::max(1u, bytes)) / level.bank_width_bytes);
  const Time start = std::max(t, best->free_at());
  counts_[l].conflict_ticks += static_cast<std::uint64_t>(start - t);
  Time done = best->reserve(t, ticks(cycles)) - ticks(cycles) + latency_[l].near;
  if (level.partitions > 1) {
    const std::uint64_t home = slice * level.partitions / slices;
    const std::uint64_t near = std::uint64_t{core} * level.partitions / std::max(1u, spec_.requesters);
    if (home != near) {
      ++counts_[l].far;
      done += latency_[l].far;
      if (level.far_bytes_per_cycle > 0) {
        const Time crossing = store.crossings[near].reserve(start, ticks(bytes / level.far_bytes_per_cycle));
        done = std::max(done, crossing + latency_[l].near + latency_[l].far);
      }
    }
  }
  return done;
}

void SramHierarchy::make_room(std::size_t l, std::uint32_t core, Store& store, Time t) {
  while (store.lines.size() >= store.capacity && !store.order.empty()) {
    const std::uint64_t victim = store.order.front();
    store.order.pop_front();
    const auto it = store.lines.find(victim);
    const bool dirty = it->second.dirty;
    store.lines.erase(it);
    if (!dirty) continue;
    ++counts_[l].write_backs;
    // Nobody waits for it; it takes bandwidth below.
    visit(l + 1, core, victim * spec_.levels[l].line_bytes, spec_.levels[l].line_bytes, true, t);
  }
}

SramHierarchy::Time SramHierarchy::visit(std::size_t l, std::uint32_t core, std::uint64_t address,
                                         std::uint32_t bytes, bool write, Time t) {
  if (l == spec_.levels.size()) {
    const Time service = spec_.memory_bytes_per_cycle > 0 ? ticks(bytes / spec_.memory_bytes_per_cycle) : 0;
    return memory_.reserve(t, service) + ticks(spec_.memory_latency_cycles);
  }
  const SramLevelSpec& level = spec_.levels[l];
  Store& store = store_of(l, core);
  const std::uint64_t line = address / level.line_bytes;
  const Time done = take_bank(l, core, address, bytes, t);
  const auto it = store.lines.find(line);
  if (it != store.lines.end()) {
    ++counts_[l].hits;
    if (!it->second.pinned) store.order.splice(store.order.end(), store.order, it->second.place);
    if (write && level.write_back) it->second.dirty = true;
    if (write && !level.write_back) visit(l + 1, core, address, bytes, true, done);
    return done;
  }
  ++counts_[l].misses;
  // A full line is not fetched to be overwritten.
  const bool whole = write && bytes >= level.line_bytes;
  const bool allocate = write ? level.write_back : !level.bypass_reads;
  if (!allocate) {
    ++counts_[l].bypassed;
    return visit(l + 1, core, address, bytes, write, done);
  }
  const Time filled =
      whole ? done : visit(l + 1, core, line * level.line_bytes, level.line_bytes, false, done);
  make_room(l, core, store, filled);
  if (store.lines.size() < store.capacity) {
    store.order.push_back(line);
    store.lines[line] = {std::prev(store.order.end()), write, false};
  } else {
    ++counts_[l].bypassed;  // all pinned
    if (write) visit(l + 1, core, address, bytes, true, filled);
  }
  return filled;
}

void SramHierarchy::free_calendars() {
  for (auto& level : stores_) {
    for (Store& store : level) {
      for (Calendar& c : store.banks) c.reset();
      for (Calendar& c : store.crossings) c.reset();
    }
  }
  memory_.reset();
}

void SramHierarchy::pin(std::size_t l, std::uint64_t address, std::uint64_t bytes) {
  const SramLevelSpec& level = spec_.levels[l];
  for (Store& store : stores_[l]) {
    for (std::uint64_t line = address / level.line_bytes; line * level.line_bytes < address + bytes; ++line) {
      const auto it = store.lines.find(line);
      if (it != store.lines.end() && it->second.pinned) continue;
      if (it != store.lines.end()) {
        store.order.erase(it->second.place);
        it->second.pinned = true;
        continue;
      }
      if (store.lines.size() >= store.capacity)
        throw ConfigError("", "level " + level.name + " cannot pin " + std::to_string(bytes) +
                                  " bytes; it has " + std::to_string(level.size_bytes));
      store.lines[line] = {store.order.end(), false, true};
    }
  }
}

}  // namespace orrery
