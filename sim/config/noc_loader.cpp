#include "sim/config/noc_loader.h"

#include <algorithm>
#include <filesystem>

#include "sim/config/document_reader.h"
#include "sim/config/document_reference.h"
#include "sim/config/schema_validation.h"
#include "sim/util/checked.h"
#include "sim/util/data_home.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

using nlohmann::json;

std::filesystem::path folder() {
  return data_home() / "arch_configs" / "noc";
}

NocRouting parse_routing(const std::string& name) {
  if (name == "xy") return NocRouting::xy;
  if (name == "yx") return NocRouting::yx;
  if (name == "destination_tag") return NocRouting::destination_tag;
  if (name == "table") return NocRouting::table;
  throw ConfigError("", "unknown routing '" + name + "'; expected xy, yx, destination_tag or table");
}

}  // namespace

std::vector<std::string> router_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    if (ConfigDocument::load(entry.path()).root().value("schema", "") == "orrery/router/1")
      names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

RouterSpec load_router(const json& reference) {
  const std::string name = referenced_name(reference);
  // The folder holds networks too: only routers are offered.
  if (reference.is_string() && std::filesystem::path(name).extension() != ".yaml" &&
      !std::filesystem::exists(folder() / (name + ".yaml")))
    throw ConfigError("", "no router '" + name + "'" + did_you_mean(name, router_names()));
  const ConfigDocument document = referenced_document(reference, folder(), "router", "");
  validate_as(document, "orrery/router/1");
  const json& r = document.root();
  RouterSpec spec;
  spec.name = std::filesystem::path(name).stem().string();
  spec.num_vcs = integer(r, "num_vcs");
  spec.vc_buffer_flits = integer(r, "vc_buffer_flits");
  spec.routing_delay = integer(r, "routing_delay", spec.routing_delay);
  spec.vc_alloc_delay = integer(r, "vc_alloc_delay", spec.vc_alloc_delay);
  spec.sw_alloc_delay = integer(r, "sw_alloc_delay", spec.sw_alloc_delay);
  spec.crossbar_delay = integer(r, "crossbar_delay", spec.crossbar_delay);
  spec.credit_delay = integer(r, "credit_delay", spec.credit_delay);
  spec.input_speedup = integer(r, "input_speedup", spec.input_speedup);
  spec.wait_for_tail_credit = r.value("wait_for_tail_credit", false);
  return spec;
}

NocSpec load_noc(const json& reference, const std::string& where) {
  const ConfigDocument document = referenced_document(reference, folder(), "network", where);
  validate_as(document, "orrery/noc/1");
  const json& r = document.root();
  const RouterSpec router = load_router(r.value("router", json(kDefaultRouter)));
  const std::string topology = r.at("topology").get<std::string>();
  if (topology != "graph") {
    NocSpec spec =
        noc_from(topology, integer(r, "k", 8), integer(r, "n", 2), r.value("routing", "xy"), router);
    spec.link_latency = integer(r, "link_latency", 1);
    spec.terminal_latency = integer(r, "terminal_latency", 1);
    return spec;
  }
  NocSpec spec;
  spec.topology = NocTopology::graph;
  spec.routing = NocRouting::table;
  spec.router = router;
  spec.terminal_latency = integer(r, "terminal_latency", 1);
  spec.routers = integer(r, "routers");
  for (const json& link : r.value("links", json::array()))
    spec.links.push_back({integer(link, "from"), integer(link, "to"), integer(link, "latency", 1),
                          link.value("one_way", false)});
  spec.terminals = r.value("terminals", std::vector<std::uint32_t>{});
  spec.table = r.value("table", std::vector<std::vector<std::uint32_t>>{});
  const std::size_t nodes = spec.terminals.size();
  if (!spec.table.empty() && (spec.table.size() != spec.routers ||
                              std::any_of(spec.table.begin(), spec.table.end(),
                                          [&](const auto& row) { return row.size() != nodes; }))) {
    throw ConfigError(document.where("/table"),
                      "the routing table needs a row a router with an entry a node");
  }
  return spec;
}

NocSpec noc_from(const std::string& topology, std::uint32_t k, std::uint32_t n, const std::string& routing,
                 const RouterSpec& router) {
  if (std::filesystem::path(topology).extension() == ".yaml") return load_noc(topology);
  NocSpec spec;
  spec.k = k;
  spec.n = n;
  spec.router = router;
  spec.routing = parse_routing(routing);
  const bool cube = topology == "mesh" || topology == "torus" || topology == "ring";
  if (cube && spec.routing != NocRouting::xy && spec.routing != NocRouting::yx)
    throw ConfigError("", "routing '" + routing + "' on a " + topology + "; expected xy or yx");
  if (topology == "mesh") {
    spec.topology = NocTopology::mesh;
  } else if (topology == "torus") {
    spec.topology = NocTopology::torus;
  } else if (topology == "ring") {
    spec.topology = NocTopology::torus;
    spec.n = 1;
  } else if (topology == "crossbar") {
    spec.topology = NocTopology::crossbar;
    spec.n = 1;
  } else if (topology == "butterfly") {
    spec.topology = NocTopology::butterfly;
  } else if (topology == "hierarchical") {
    spec.topology = NocTopology::hierarchical;
  } else {
    throw ConfigError(
        "", "unknown topology '" + topology + "'" +
                did_you_mean(topology, {"mesh", "torus", "ring", "crossbar", "butterfly", "hierarchical"}) +
                "; expected one of mesh, torus, ring, crossbar, butterfly, hierarchical or a "
                "YAML file");
  }
  return spec;
}

std::uint64_t node_count(const NocSpec& spec) {
  if (spec.topology == NocTopology::graph) return spec.terminals.size();
  if (spec.topology == NocTopology::crossbar) return spec.k;
  std::uint64_t nodes = 1;
  for (std::uint32_t i = 0; i < spec.n; ++i) nodes = checked_product({nodes, spec.k});
  return nodes;
}

}  // namespace orrery
