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
  if (arch.shared_buffer) {
    std::vector<SharedBufferSpec> levels = {*arch.shared_buffer};
    levels.insert(levels.end(), arch.outer_buffers.begin(), arch.outer_buffers.end());
    shared = std::make_unique<SharedLevels>(levels, *dram, clock, counts);
    network->memory.bind(shared->door());
  } else {
    network->memory.bind(dram->port);
  }
  command = std::make_unique<CommandProcessor>("command_processor", arch, counts);
  collectives = std::make_unique<CollectiveEngine>("collectives", arch.node, CoreId{cores}, counts, *command);
  collectives->network.bind(network->port);
  wakes = std::make_unique<WakeQueue>("wakes", cores);
  std::vector<ComputeTile*> views;
  for (std::uint32_t c = 0; c < cores; ++c) {
    const std::string name = "core" + std::to_string(c);
    tiles.push_back(std::make_unique<ComputeTile>(name.c_str(), CoreId{c}, arch, clock, counts, *wakes, *command));
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

}  // namespace orrery
