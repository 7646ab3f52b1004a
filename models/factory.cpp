#include "models/factory.h"

#include <string>

#include "models/noc/crossbar.h"
#include "models/noc/routed_network.h"

namespace orrery {
namespace {

std::string core_name(std::uint32_t core) {
  return "core" + std::to_string(core);
}

}  // namespace

std::unique_ptr<Chip> make_chip(const ArchSpec& arch, Fidelity fidelity) {
  if (fidelity == Fidelity::cycle) return std::make_unique<CycleChip>(arch);
  return std::make_unique<TileChip>(arch);
}

void Chip::begin() {
  for (Core* core : all_cores_) core->forget_work();
}

WorkSharing Chip::sharing() const {
  const auto over_cores = [this](auto work) {
    std::vector<std::uint64_t> each;
    for (const Core* core : all_cores_) each.push_back(work(core->work()));
    return sharing_of(each);
  };
  WorkSharing all;
  const auto of = [&all](SharedWork work) -> Sharing& { return all[static_cast<std::size_t>(work)]; };
  of(SharedWork::core_macs) = over_cores([](const CoreWork& w) { return w.macs; });
  of(SharedWork::core_vector_ops) = over_cores([](const CoreWork& w) { return w.vector_ops; });
  of(SharedWork::core_bytes) = over_cores([](const CoreWork& w) { return w.moved.value(); });
  return all;
}

TileChip::TileChip(const ArchSpec& arch) : Chip(arch) {
  dram = std::make_unique<DramController>("dram", arch.dram, clock, counts);
  if (arch.dram.pim) pim = std::make_unique<PimUnits>("pim", arch.dram, dram.get(), counts);
  const std::uint32_t cores = arch.cores.count;
  const double link_rate = arch.node.link.bytes_per_s;
  if (arch.network.routed) {
    network = std::make_unique<RoutedNetwork>("network", arch.network, Bytes{arch.dram.interleave_bytes},
                                              link_rate, cores, clock, counts);
  } else {
    network = std::make_unique<Crossbar>("crossbar", arch.network, link_rate, cores, clock, counts);
  }
  if (arch.shared_levels.empty()) {
    network->memory.bind(dram->port);
  } else {
    shared = std::make_unique<SharedLevels>(arch.shared_levels, *dram, clock, counts);
    network->memory.bind(shared->door());
  }
  places = std::make_unique<EntryPlaces>(shared.get());
  collectives = std::make_unique<CollectiveEngine>("collectives", arch.node, CoreId{cores}, counts, command);
  collectives->network.bind(network->port);
  wakes = std::make_unique<WakeQueue>("wakes", cores);
  for (std::uint32_t c = 0; c < cores; ++c) {
    tiles.push_back(
        std::make_unique<ComputeTile>(core_name(c).c_str(), CoreId{c}, arch, clock, counts, *wakes, command));
    tiles.back()->dma.network.bind(network->port);
    all_cores_.push_back(tiles.back().get());
    views.push_back(tiles.back().get());
  }
  for (ComputeTile* tile : views) tile->connect(views);
  skipping = std::make_unique<TileSkipping>(arch, counts, views, shared.get(), *dram);
  command.connect(all_cores_, *places, {collectives.get(), places.get(), skipping.get()}, pim.get());
}

std::vector<const Component*> TileChip::components() const {
  std::vector<const Component*> all = {&command, network.get(), dram.get(), collectives.get()};
  if (shared) {
    for (const auto& level : shared->levels()) all.push_back(level.get());
  }
  for (const auto& tile : tiles) all.push_back(tile.get());
  return all;
}

void TileChip::begin() {
  Chip::begin();
  dram->reset();
  network->reset();
  collectives->reset();
  if (shared) shared->reset();
}

CycleChip::CycleChip(const ArchSpec& arch)
    : Chip(arch), memory("memory", arch, clock, counts), places(memory) {
  if (arch.dram.pim) pim = std::make_unique<PimUnits>("pim", arch.dram, nullptr, counts);
  for (std::uint32_t c = 0; c < arch.cores.count; ++c) {
    cores.push_back(
        std::make_unique<CycleCore>(core_name(c).c_str(), CoreId{c}, arch, clock, counts, memory, command));
    all_cores_.push_back(cores.back().get());
  }
  command.connect(all_cores_, places, {}, pim.get());
}

std::vector<const Component*> CycleChip::components() const {
  std::vector<const Component*> all = {&command, &memory, &memory.network()};
  for (const auto& core : cores) all.push_back(core.get());
  return all;
}

void CycleChip::begin() {
  Chip::begin();
  opened_ = memory.dram_activates();
  memory.dram().forget_work();
}

WorkSharing CycleChip::sharing() const {
  WorkSharing all = Chip::sharing();
  all[static_cast<std::size_t>(SharedWork::channel_bytes)] = sharing_of(memory.dram().moved_bytes());
  return all;
}

// What the write queues still hold is nobody's to wait for.
Femtoseconds CycleChip::end(Femtoseconds end) {
  counts.dram_activates += memory.dram_activates() - opened_;
  return end;
}

}  // namespace orrery
