#pragma once
// Networks on chip by name: topologies from the command line, graphs and routers from arch_configs/noc.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/config/noc_spec.h"

namespace orrery {

std::vector<std::string> router_names();

inline constexpr const char* kDefaultRouter = "mesh88_lat_example";

// A router by name or path of a YAML file (schema orrery/router/1), or its content (document_reference.h).
// Throws ConfigError.
RouterSpec load_router(const nlohmann::json& reference);

// A network by path of a YAML file (schema orrery/noc/1), or its content. Throws ConfigError.
NocSpec load_noc(const nlohmann::json& reference, const std::string& where = "");

// "mesh", "torus", "ring", "crossbar", "butterfly", "hierarchical", or a path of a YAML file; sizes as in
// NocSpec. A ring is a torus of one dimension. Throws ConfigError.
NocSpec noc_from(const std::string& topology, std::uint32_t k, std::uint32_t n, const std::string& routing,
                 const RouterSpec& router);

}  // namespace orrery
