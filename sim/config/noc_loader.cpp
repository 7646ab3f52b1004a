#include "sim/config/noc_loader.h"

#include <algorithm>
#include <filesystem>

#include "sim/util/checked.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

constexpr double kMostNoc = 4096;

}  // namespace

template <>
const Table& table_of<RouterSpec>() {
  static const Table table = [] {
    using R = RouterSpec;
    Fields<R> f("orrery/router/1: an input-queued router with virtual channels and credits");
    f.document("orrery/router/1");
    f.key("num_vcs", &R::num_vcs, "", "virtual channels a port").required().range(1, kMostNoc);
    f.key("vc_buffer_flits", &R::vc_buffer_flits, "flits", "that wait in a virtual channel")
        .required()
        .range(1, kMostNoc);
    f.key("routing_delay", &R::routing_delay, "cycles", "of a head; 0 = routed a hop ahead")
        .range(0, kMostNoc);
    f.key("vc_alloc_delay", &R::vc_alloc_delay, "cycles", "of a head").range(1, kMostNoc);
    f.key("sw_alloc_delay", &R::sw_alloc_delay, "cycles", "of a flit").range(1, kMostNoc);
    f.key("crossbar_delay", &R::crossbar_delay, "cycles", "through the switch").range(1, kMostNoc);
    f.key("credit_delay", &R::credit_delay, "cycles", "from a credit's arrival to its use")
        .range(0, kMostNoc);
    f.key("input_speedup", &R::input_speedup, "", "crossbar inputs a port").range(1, kMostNoc);
    f.key("wait_for_tail_credit", &R::wait_for_tail_credit, "",
          "a virtual channel is given away again when its buffer downstream is empty");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<NocLink>() {
  static const Table table = [] {
    using L = NocLink;
    Fields<L> f("a link of a graph: both ways unless one_way");
    f.key("from", &L::from, "", "router").required().range(0, kMostNoc);
    f.key("to", &L::to, "", "router").required().range(0, kMostNoc);
    f.key("latency", &L::latency, "cycles", "of a flit").range(1, kMostNoc);
    f.key("one_way", &L::one_way, "", "there is no way back");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<NocKeys>() {
  static const Table table = [] {
    using N = NocKeys;
    Fields<N> f("orrery/noc/1: a network on chip");
    f.document("orrery/noc/1");
    f.key("topology", &N::shape, "", "of the network")
        .shaped(Shape::word({"mesh", "torus", "ring", "butterfly", "crossbar", "hierarchical", "graph"}))
        .required();
    f.key("routing", &N::routing, "",
          "xy, yx: dimension by dimension, lowest or highest first; destination_tag: butterflies; table: "
          "shortest paths, lowest port first");
    f.key("k", &N::k, "",
          "routers a dimension; radix of a butterfly or crossbar; leaves of a hierarchy's node")
        .range(2, kMostNoc);
    f.key("n", &N::n, "", "dimensions; stages of a butterfly; levels of a hierarchy").range(1, kMostNoc);
    f.key("link_latency", &N::link_latency, "cycles", "between routers").range(1, kMostNoc);
    f.key("terminal_latency", &N::terminal_latency, "cycles", "from a node to its router and back")
        .range(1, kMostNoc);
    f.key("router", &N::router_reference, "", "of all nodes")
        .shaped(Shape::reference(kRouter))
        .standing(kDefaultRouter);
    f.key("routers", &N::routers, "", "of a graph").range(1, kMostNoc);
    f.key("terminals", &N::terminals, "", "router of each node").range(0, kMostNoc);
    f.key("links", &N::links, "", "of a graph");
    f.key("table", &N::table, "", "next router by [router][node]; its own: the node is here")
        .range(0, kMostNoc);
    return Table(f);
  }();
  return table;
}

std::vector<std::string> router_names() {
  return names_of(kRouter);
}

RouterSpec load_router(const nlohmann::json& reference) {
  auto spec = read_document<RouterSpec>(open_document(reference, kRouter));
  spec.name = referenced_name(reference);
  return spec;
}

NocSpec load_noc(const nlohmann::json& reference, const std::string& where) {
  const ConfigDocument document = open_document(reference, kNetwork, where);
  auto keys = read_document<NocKeys>(document);
  const nlohmann::json& router = keys.router_reference;
  keys.router = load_router(router.is_null() ? nlohmann::json(kDefaultRouter) : router);
  if (keys.shape != "graph") {
    NocSpec spec = noc_from(keys.shape, keys.k, keys.n, keys.routing, keys.router);
    spec.link_latency = keys.link_latency;
    spec.terminal_latency = keys.terminal_latency;
    return spec;
  }
  NocSpec spec = keys;
  spec.topology = NocTopology::graph;
  spec.routing = NocRouting::table;
  const std::size_t nodes = spec.terminals.size();
  if (!spec.table.empty() && (spec.table.size() != spec.routers ||
                              std::any_of(spec.table.begin(), spec.table.end(),
                                          [&](const auto& row) { return row.size() != nodes; }))) {
    throw ConfigError(document.where("/table"),
                      "the routing table needs a row a router with an entry a node");
  }
  return spec;
}

NocSpec noc_from(const std::string& topology, std::uint32_t k, std::uint32_t n, NocRouting routing,
                 const RouterSpec& router) {
  if (std::filesystem::path(topology).extension() == ".yaml") return load_noc(topology);
  NocSpec spec;
  spec.k = k;
  spec.n = n;
  spec.router = router;
  spec.routing = routing;
  const bool cube = topology == "mesh" || topology == "torus" || topology == "ring";
  if (cube && spec.routing != NocRouting::xy && spec.routing != NocRouting::yx)
    throw ConfigError(
        "", std::string("routing '") + to_string(routing) + "' on a " + topology + "; expected xy or yx");
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
