#include "sim/config/node_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "sim/config/document_reader.h"
#include "sim/config/document_reference.h"
#include "sim/config/schema_validation.h"
#include "sim/util/data_home.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

using nlohmann::json;

std::filesystem::path folder() {
  return data_home() / "arch_configs" / "nodes";
}

constexpr std::array<const char*, 6> kTopologies = {"switch", "fully_connected", "ring",
                                                    "torus",  "pairwise_host",   "fat_tree"};
constexpr std::array<const char*, 6> kAlgorithms = {"ring",   "tree",         "halving_doubling",
                                                    "direct", "hierarchical", "in_switch"};

WireSpec read_wire(const json& j) {
  WireSpec w;
  w.bytes_per_s = number(j, "bandwidth_gb_per_s") * 1e9;
  w.latency_ns = number(j, "latency_ns");
  w.header_bytes = number(j, "header_bytes");
  w.payload_bytes = number(j, "payload_bytes", 1);
  return w;
}

}  // namespace

const char* to_string(CollectiveAlgorithm algorithm) {
  return kAlgorithms[static_cast<std::size_t>(algorithm)];
}

CollectiveAlgorithm parse_collective_algorithm(const std::string& name) {
  for (std::size_t i = 0; i < kAlgorithms.size(); ++i) {
    if (name == kAlgorithms[i]) return static_cast<CollectiveAlgorithm>(i);
  }
  throw ConfigError("", "unknown algorithm '" + name + "'" +
                            did_you_mean(name, {kAlgorithms.begin(), kAlgorithms.end()}) +
                            "; expected ring, tree, halving_doubling, direct, hierarchical or in_switch");
}

std::vector<std::string> node_names() {
  return names_in(folder());
}

ConfigDocument load_node_document(const std::string& name) {
  ConfigDocument document = referenced_document(name, folder(), "node", "");
  validate_as(document, "orrery/node/1");
  return document;
}

NodeSpec load_node(const std::string& name) {
  return build_node(load_node_document(name));
}

NodeSpec node_from(const json& r, const std::string& pointer, const ConfigDocument& document,
                   std::vector<Diagnostic>& found) {
  NodeSpec node;
  node.chips = integer(r, "chips", 1);
  node.devices = integer(r, "devices", 1);
  const json topology = r.value("topology", json{{"kind", "switch"}});
  const std::string kind = topology.at("kind").get<std::string>();
  node.topology = static_cast<NodeTopology>(std::find(kTopologies.begin(), kTopologies.end(), kind) -
                                            kTopologies.begin());
  node.dimensions = topology.value("dimensions", std::vector<std::uint32_t>{});
  node.radix = integer(topology, "radix");
  node.switch_reduces = topology.value("reduces", false);
  node.switch_latency_ns = number(topology, "latency_ns");
  const json link = r.value("link", json::object());
  if (r.contains("link")) {
    node.link = read_wire(link);
    node.energy_pj_per_bit = number(link, "energy_pj_per_bit");
  }
  if (r.contains("host")) node.host = read_wire(r["host"]);
  if (r.contains("nics")) {
    node.nics = integer(r["nics"], "count");
    node.nic = read_wire(r["nics"]);
    node.nic_base_ns = number(r["nics"], "base_us") * 1e3;
  }
  // The short way to say a ring and what its library's steps cost.
  const bool is_short = link.contains("kind");
  for (const char* key : {"base_ns", "step_ns"}) {
    if (!is_short && link.contains(key))
      found.push_back(document.diagnostic(pointer + "/link/" + key, "goes with a link of kind ring"));
  }
  if (is_short) {
    for (const char* key : {"protocols", "algorithms"}) {
      if (r.contains(key))
        found.push_back(
            document.diagnostic(pointer + "/link/kind",
                                fmt::format("a link of kind ring says its own {}; drop one of them", key)));
    }
    node.algorithms = {CollectiveAlgorithm::ring};
    node.protocols = {{"ring", number(link, "base_ns"), number(link, "step_ns"), 1}};
  }
  if (!is_short && !r.contains("protocols")) node.protocols = {{"wire"}};
  for (const json& p : r.value("protocols", json::array())) {
    node.protocols.push_back({p.at("kind").get<std::string>(), number(p, "base_us") * 1e3,
                              number(p, "step_us") * 1e3, number(p, "share", 1)});
  }
  for (const json& name : r.value("algorithms", json::array()))
    node.algorithms.push_back(parse_collective_algorithm(name.get<std::string>()));
  const auto add = [&](const std::string& message) {
    found.push_back(document.diagnostic(pointer + "/topology", message));
  };
  std::uint64_t places = 1;
  for (const std::uint32_t d : node.dimensions) places *= d;
  if (node.topology == NodeTopology::torus && places != node.chips)
    add(fmt::format("dimensions hold {} chips; the node has {}", places, node.chips));
  if (node.topology == NodeTopology::fat_tree && (node.radix == 0 || node.chips % node.radix != 0))
    add("a fat_tree needs a radix that divides the chips");
  if (node.topology == NodeTopology::pairwise_host && (node.chips % 2 != 0 || node.host.bytes_per_s <= 0))
    add("pairwise_host needs an even number of chips and a host");
  if (node.switch_reduces && node.topology != NodeTopology::switched) add("only a switch reduces");
  const bool in_switch = std::find(node.algorithms.begin(), node.algorithms.end(),
                                   CollectiveAlgorithm::in_switch) != node.algorithms.end();
  if (in_switch && !node.switch_reduces)
    found.push_back(document.diagnostic(pointer + "/algorithms", "in_switch needs a switch that reduces"));
  return node;
}

NodeSpec build_node(const ConfigDocument& document) {
  std::vector<Diagnostic> found = document.unused_sources();
  NodeSpec node = node_from(document.root(), "", document, found);
  node.name = document.path().stem().string();
  node.chip = document.root().at("chip").get<std::string>();
  if (!found.empty()) throw ConfigError(found);
  return node;
}

void use_node(ArchSpec& arch, const NodeSpec& node) {
  if (arch.name != node.chip) {
    throw ConfigError("", "node " + node.name + " is made of " + node.chip + ", not of " + arch.name);
  }
  const std::uint32_t devices = std::min(arch.node.devices, node.chips);
  const double energy = arch.node.energy_pj_per_bit;
  arch.node = node;
  arch.node.devices = devices;
  if (node.energy_pj_per_bit <= 0) arch.node.energy_pj_per_bit = energy;
}

}  // namespace orrery
