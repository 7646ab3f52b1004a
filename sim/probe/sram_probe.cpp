#include "sim/probe/sram_probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <queue>

#include "models/memory/sram_hierarchy.h"
#include "sim/config/arch_loader.h"
#include "sim/timing/network_timing.h"
#include "sim/util/errors.h"
#include "sim/util/number_after.h"
#include "sim/util/random.h"

namespace orrery {
namespace {

struct Pattern {
  enum class Kind : std::uint8_t { stride, random, chase } kind = Kind::stride;
  std::uint64_t stride = 4;
};

Pattern parse_pattern(const std::string& name) {
  if (name == "rand") return {Pattern::Kind::random, 0};
  if (name == "chase") return {Pattern::Kind::chase, 0};
  if (const std::uint64_t stride = number_after(name, "stride_").value_or(0); stride > 0)
    return {Pattern::Kind::stride, stride};
  throw ConfigError("", "unknown pattern '" + name +
                            "'; expected stride_N (N bytes), rand or chase, and stream_N at fidelity tile");
}

SramLevelSpec scratchpad_of(const ArchSpec& arch) {
  SramLevelSpec pad;
  pad.name = "scratchpad";
  pad.size_bytes = arch.cores.scratchpad.size_bytes;
  pad.banks = arch.cores.scratchpad.banks;
  pad.bank_width_bytes = arch.cores.scratchpad.bank_width_bytes;
  pad.slices = 1;
  pad.latency_ns = 1e9 / arch.clock_hz;
  return pad;
}

// The machine's shared levels and its memory behind levels that a core has to itself.
SramHierarchySpec behind(std::vector<SramLevelSpec> own, const ArchSpec& arch) {
  SramHierarchySpec spec;
  spec.clock_hz = arch.clock_hz;
  spec.requesters = arch.cores.count;
  double passed_ns = 0;
  for (const SramLevelSpec& level : own) passed_ns += level.latency_ns;
  spec.levels = std::move(own);
  double way_ns = network_latency_ns(arch.network, arch.clock_hz) * (arch.network.routed ? 2 : 1);
  for (SramLevelSpec shared : arch.shared_levels) {
    // Load to use, of which the levels before have a part.
    const double load_to_use = way_ns + shared.latency_ns;
    shared.latency_ns = load_to_use - passed_ns;
    if (shared.latency_ns <= 0)
      throw ConfigError(
          "", fmt::format("the levels before {}'s shared ones take {:g} cycles, a load from those {:g}",
                          arch.name, passed_ns * 1e-9 * arch.clock_hz, load_to_use * 1e-9 * arch.clock_hz));
    spec.levels.push_back(shared);
    way_ns = passed_ns = 0;
  }
  spec.memory_bytes_per_cycle = arch.dram.peak_bytes_per_s() / arch.clock_hz;
  spec.memory_latency_cycles =
      (way_ns + arch.dram.controller_latency_ns +
       (arch.dram.device.timing.trcd_rd + arch.dram.device.timing.cl) * arch.dram.device.clock_ns) *
      1e-9 * arch.clock_hz;
  return spec;
}

SramLevelSpec level_of(SramLevelKeys keys, double clock_hz) {
  keys.bytes_per_cycle = static_cast<double>(keys.slices) * keys.banks * keys.bank_width_bytes * keys.ports;
  keys.latency_ns = keys.latency_cycles * 1e9 / clock_hz;
  keys.far_latency_ns = keys.far_latency_cycles * 1e9 / clock_hz;
  return keys;
}

}  // namespace

template <>
const Table& table_of<SramLevelKeys>() {
  static const Table table = [] {
    using L = SramLevelKeys;
    Fields<L> f("a level of memory");
    f.key("kind", &L::name, "", "its name").required();
    f.key("private", &L::is_private, "", "one a core");
    f.key("size_kib", &L::size_bytes, "KiB", "of all its slices")
        .required()
        .above(0, 1e12)
        .times(static_cast<double>(kKiB));
    f.key("line_bytes", &L::line_bytes, "bytes", "what moves between levels").range(1, 1048576);
    f.key("slices", &L::slices, "", "of which a line lies in one").range(1, 65536).standing("1");
    f.key("banks", &L::banks, "", "a slice").range(1, 65536);
    f.key("bank_width_bytes", &L::bank_width_bytes, "bytes", "of an access").range(1, 65536);
    f.key("ports", &L::ports, "", "accesses a bank and cycle").range(1, 1024);
    f.key("latency_cycles", &L::latency_cycles, "cycles", "to the data, in the near partition").range(0, 1e6);
    f.key("partitions", &L::partitions, "", "a core is near to one").range(1, 1024);
    f.key("far_latency_cycles", &L::far_latency_cycles, "cycles", "more, to another partition").range(0, 1e9);
    f.key("far_bytes_per_cycle", &L::far_bytes_per_cycle, "bytes per cycle",
          "into a partition; 0 = not a limit")
        .range(0, 1e9);
    f.key("write_back", &L::write_back, "", "else writes go through");
    f.key("bypass_reads", &L::bypass_reads, "", "misses do not allocate");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<SramKeys>() {
  static const Table table = [] {
    using K = SramKeys;
    Fields<K> f("orrery/sram/1: memories from the cores outwards");
    f.document("orrery/sram/1");
    f.key("machine", &K::machine, "",
          "whose shared levels, clock, cores and memory lie behind the private levels given here");
    f.key("clock_ghz", &K::clock_hz, "GHz", "of the cores").above(0, 1000).times(1e9);
    f.key("cores", &K::cores, "", "that access the levels").range(1, 1048576);
    f.key("memory_latency_cycles", &K::memory_latency_cycles, "cycles", "behind the last level")
        .range(0, 1e9);
    f.key("memory_bytes_per_cycle", &K::memory_bytes_per_cycle, "bytes per cycle",
          "behind the last level; 0 = not a limit")
        .range(0, 1e9);
    f.key("levels", &K::levels, "", "from the cores outwards").required().items(1);
    return Table(f);
  }();
  return table;
}

SramHierarchySpec sram_hierarchy_of(const ArchSpec& arch) {
  return behind({scratchpad_of(arch)}, arch);
}

SramHierarchySpec load_sram(const std::string& path, std::uint32_t& private_levels) {
  const ConfigDocument document = open_document(path, kSram);
  const auto keys = read_document<SramKeys>(document);
  std::optional<ArchSpec> arch;
  if (keys.machine) {
    for (const char* key : {"clock_ghz", "cores", "memory_latency_cycles", "memory_bytes_per_cycle"}) {
      if (document.root().contains(key))
        throw ConfigError(document.where("/" + std::string(key)), "the machine says so itself: leave it out");
    }
    arch = load_arch_named(*keys.machine);
  }
  SramHierarchySpec spec;
  spec.clock_hz = arch ? arch->clock_hz : keys.clock_hz;
  private_levels = 0;
  for (const SramLevelKeys& level : keys.levels) {
    if (level.is_private && private_levels < spec.levels.size())
      throw ConfigError(document.where("/levels"), "private levels come before shared ones");
    if (level.is_private) ++private_levels;
    spec.levels.push_back(level_of(level, spec.clock_hz));
  }
  if (arch) {
    if (private_levels < spec.levels.size())
      throw ConfigError(document.where("/levels"), "shared levels are the machine's: leave them out");
    return behind(std::move(spec.levels), *arch);
  }
  spec.requesters = keys.cores;
  spec.memory_latency_cycles = keys.memory_latency_cycles;
  spec.memory_bytes_per_cycle = keys.memory_bytes_per_cycle;
  return spec;
}

std::uint64_t stream_block(const std::string& pattern) {
  return number_after(pattern, "stream_").value_or(0);
}

SramProbeResult run_sram_probe(const SramProbe& probe) {
  const Pattern pattern = parse_pattern(probe.pattern);
  if (probe.cores == 0 || probe.cores > probe.hierarchy.requesters) {
    throw ConfigError("", std::to_string(probe.cores) + " cores asked for; there are " +
                              std::to_string(probe.hierarchy.requesters));
  }
  if (probe.footprint_bytes < probe.access_bytes)
    throw ConfigError("", "the footprint is smaller than an access");
  SramHierarchy memory(probe.hierarchy, probe.private_levels);
  if (probe.pinned_bytes > 0) memory.pin(probe.hierarchy.levels.size() - 1, 0, probe.pinned_bytes);
  // The footprint once through, so that what fits is there.
  const std::uint32_t line = probe.hierarchy.levels.front().line_bytes;
  for (std::uint32_t c = 0; c < probe.cores; ++c) {
    for (std::uint64_t a = 0; a < probe.footprint_bytes; a += line)
      memory.access(c, a, probe.access_bytes, false, 0);
  }
  memory.free_calendars();
  const bool chase = pattern.kind == Pattern::Kind::chase;
  const std::uint32_t lanes = chase ? 1 : std::max(1u, probe.lanes);
  const std::uint32_t window = chase ? 1 : std::max(1u, probe.outstanding);
  using Time = SramHierarchy::Time;
  struct Core {
    RandomStream random;
    std::uint64_t at = 0, made = 0;
    std::priority_queue<Time, std::vector<Time>, std::greater<>> under_way;
    Time issue = 0;
  };
  std::vector<Core> cores;
  for (std::uint32_t c = 0; c < probe.cores; ++c)
    cores.push_back({RandomStream(probe.seed + c), 0, 0, {}, 0});
  using Turn = std::pair<Time, std::uint32_t>;
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> turns;
  for (std::uint32_t c = 0; c < probe.cores; ++c) turns.push({0, c});
  const std::uint64_t words = probe.footprint_bytes / probe.access_bytes;
  const std::uint64_t total = 2 * probe.accesses;
  double latency = 0;
  std::uint64_t measured = 0;
  Time first = -1;
  Time last = 0;
  std::vector<SramHierarchy::LevelCounts> before(probe.hierarchy.levels.size());
  bool warm = false;
  while (!turns.empty()) {
    const auto [t, c] = turns.top();
    turns.pop();
    Core& core = cores[c];
    const bool counting = core.made >= probe.accesses;
    if (counting && !warm) {
      warm = true;
      first = t;
      for (std::size_t l = 0; l < before.size(); ++l) before[l] = memory.counts(l);
    }
    Time done = t;
    for (std::uint32_t lane = 0; lane < lanes; ++lane, ++core.made) {
      std::uint64_t address = 0;
      if (pattern.kind == Pattern::Kind::stride) {
        address = core.at % probe.footprint_bytes;
        core.at += pattern.stride;
      } else {
        address = core.random.below(words) * probe.access_bytes;
      }
      const bool write = core.random.uniform() < probe.write_share;
      const Time end = memory.access(c, address, probe.access_bytes, write, t);
      done = std::max(done, end);
      if (counting) {
        latency += static_cast<double>(end - t);
        ++measured;
      }
    }
    if (counting) last = std::max(last, done);
    core.under_way.push(done);
    core.issue = t + static_cast<Time>(SramHierarchy::kTicksPerCycle);
    if (core.under_way.size() >= window) {
      core.issue = std::max(core.issue, core.under_way.top());
      core.under_way.pop();
    }
    if (core.made < total) turns.push({core.issue, c});
  }
  SramProbeResult r;
  const double cycles = static_cast<double>(last - first) / SramHierarchy::kTicksPerCycle;
  r.latency_cycles = latency / static_cast<double>(measured) / SramHierarchy::kTicksPerCycle;
  r.bytes_per_cycle = static_cast<double>(measured * probe.access_bytes) / cycles;
  r.gb_per_s = r.bytes_per_cycle * probe.hierarchy.clock_hz * 1e-9;
  for (std::size_t l = 0; l < before.size(); ++l) {
    const SramHierarchy::LevelCounts& now = memory.counts(l);
    SramLevelResult level;
    level.name = probe.hierarchy.levels[l].name;
    const auto hits = static_cast<double>(now.hits - before[l].hits);
    const auto misses = static_cast<double>(now.misses - before[l].misses);
    if (hits + misses > 0) {
      level.hit_rate = hits / (hits + misses);
      level.conflict_cycles = static_cast<double>(now.conflict_ticks - before[l].conflict_ticks) /
                              SramHierarchy::kTicksPerCycle / (hits + misses);
    }
    level.write_backs = now.write_backs - before[l].write_backs;
    level.far = now.far - before[l].far;
    r.levels.push_back(level);
  }
  return r;
}

}  // namespace orrery
