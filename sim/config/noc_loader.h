#pragma once
// Networks on chip by name: topologies from the command line, graphs and routers from arch_configs/noc.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/config/noc_spec.h"
#include "sim/config/open_document.h"

namespace orrery {

template <>
const Table& table_of<RouterSpec>();
template <>
const Table& table_of<NocLink>();

// A network as its file says it; which keys count goes by the topology.
struct NocKeys : NocSpec {
  std::string shape;  // topology
  nlohmann::json router_reference;
};
template <>
const Table& table_of<NocKeys>();

inline constexpr DocumentKind kRouter = {"orrery/router/1", "router", "noc", &table_of<RouterSpec>};
inline constexpr DocumentKind kNetwork = {"orrery/noc/1", "network", "noc", &table_of<NocKeys>};

std::vector<std::string> router_names();

inline constexpr const char* kDefaultRouter = "mesh88_lat_example";

// A router by name or path of a YAML file (schema orrery/router/1), or its content.
// Throws ConfigError.
RouterSpec load_router(const nlohmann::json& reference);

// A network by path of a YAML file (schema orrery/noc/1), or its content. Throws ConfigError.
NocSpec load_noc(const nlohmann::json& reference, const std::string& where = "");

// "mesh", "torus", "ring", "crossbar", "butterfly", "hierarchical", or a path of a YAML file; sizes as in
// NocSpec. A ring is a torus of one dimension. Throws ConfigError.
NocSpec noc_from(const std::string& topology, std::uint32_t k, std::uint32_t n, NocRouting routing,
                 const RouterSpec& router);

}  // namespace orrery
