#pragma once
// A machine's file as it says things (schema orrery/arch/1): what the machine has in its own structs, and
// what is read in a second step (levels, networks, files that it names) as it stands.

#include "sim/config/dram_loader.h"
#include "sim/config/fpga_part.h"
#include "sim/config/node_loader.h"
#include "sim/config/open_document.h"

namespace orrery {

// A crossbar says ports and latency; a routed network its shape; a graph its file.
struct NetworkKeys : NetworkSpec {
  std::string kind;
  std::uint32_t k = 8, n = 2;
  NocRouting routing = NocRouting::xy;
  nlohmann::json router, file;
  std::optional<std::uint32_t> link_latency;
};

struct ArchKeys : ArchSpec {
  std::uint32_t matrix_engines = 0, vector_units = 0;
  std::vector<std::pair<std::size_t, DramLevel>> drams;  // by their place in the list of levels
  std::vector<std::pair<std::size_t, StorageSpec>> storages;
  NetworkKeys network_keys;
  std::optional<double> stated_static_w, stated_active_w, stated_supply_efficiency;
  CoreEnergyKeys stated_core_energy;
  std::optional<FpgaKeys> fpga_keys;
  nlohmann::json energy_table, library;
  nlohmann::json node_keys;
};
template <>
const Table& table_of<ArchKeys>();

inline constexpr DocumentKind kArch = {"orrery/arch/1", "machine", "", &table_of<ArchKeys>};

}  // namespace orrery
