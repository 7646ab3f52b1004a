#include "models/factory.h"

#include <string>

#include "models/noc/crossbar.h"
#include "models/noc/routed_network.h"

namespace orrery {

Chip::Chip(const ArchSpec& arch) : clock(arch.clock_hz) {
  dram = std::make_unique<DramController>("dram", arch.dram, clock, counts);
  const std::uint32_t cores = arch.cores.count;
  const double link_rate = arch.node.link.bytes_per_s;
  if (arch.network.routed) {
    network = std::make_unique<RoutedNetwork>("network", arch.network, arch.dram.interleave_bytes, link_rate,
                                              cores, clock, counts);
  } else {
    network = std::make_unique<Crossbar>("crossbar", arch.network, link_rate, cores, clock, counts);
  }
  if (arch.shared_levels.empty()) {
    network->memory.bind(dram->port);
  } else {
    shared = std::make_unique<SharedLevels>(arch.shared_levels, *dram, clock, counts);
    network->memory.bind(shared->door());
  }
  command = std::make_unique<CommandProcessor>("command_processor", arch, counts);
  collectives = std::make_unique<CollectiveEngine>("collectives", arch.node, CoreId{cores}, counts, *command);
  collectives->network.bind(network->port);
  wakes = std::make_unique<WakeQueue>("wakes", cores);
  std::vector<ComputeTile*> views;
  for (std::uint32_t c = 0; c < cores; ++c) {
    const std::string name = "core" + std::to_string(c);
    tiles.push_back(
        std::make_unique<ComputeTile>(name.c_str(), CoreId{c}, arch, clock, counts, *wakes, *command));
    tiles.back()->dma.network.bind(network->port);
    views.push_back(tiles.back().get());
  }
  command->connect(views, shared.get(), dram.get(), collectives.get());
}

std::vector<const Component*> Chip::components() const {
  std::vector<const Component*> all = {command.get(), network.get(), dram.get(), collectives.get()};
  if (shared) {
    for (const auto& level : shared->levels()) all.push_back(level.get());
  }
  for (const auto& tile : tiles) all.push_back(tile.get());
  return all;
}

void Chip::reset() {
  dram->reset();
  network->reset();
  collectives->reset();
  if (shared) shared->reset();
}

CycleChip::CycleChip(const ArchSpec& arch) : clock(arch.clock_hz), memory("memory", arch, clock, counts) {
  CycleItemListener& listener = *this;
  for (std::uint32_t c = 0; c < arch.cores.count; ++c) {
    const std::string name = "core" + std::to_string(c);
    cores.push_back(
        std::make_unique<CycleCore>(name.c_str(), CoreId{c}, arch, clock, counts, memory, listener));
  }
}

std::vector<const Component*> CycleChip::components() const {
  std::vector<const Component*> all = {&memory, &memory.network()};
  for (const auto& core : cores) all.push_back(core.get());
  return all;
}

void CycleChip::begin_kernel(std::uint64_t items, Femtoseconds start) {
  items_left_ = items;
  last_ = CriticalPath::from(start);
}

// DRAM refreshes for ever: the last result ends the simulation.
void CycleChip::item_stored(const CriticalPath& path) {
  if (path.at >= last_.at) last_ = path;
  if (--items_left_ == 0) sc_core::sc_pause();
}

}  // namespace orrery
