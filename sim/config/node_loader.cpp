#include "sim/config/node_loader.h"

#include <fmt/format.h>

#include <algorithm>

namespace orrery {
namespace {

using Node = NodeKeys;

// The keys of a wire, wherever the node has it.
template <WireSpec NodeSpec::*kWire>
void add_wire(Fields<Node>& f) {
  const auto of = [](auto member) { return [member](Node& n) -> double& { return n.*kWire.*member; }; };
  f.key("bandwidth_gb_per_s", of(&WireSpec::bytes_per_s), "GB/s", "per direction")
      .required()
      .above(0, 1e9)
      .times(1e9);
  f.key("latency_ns", of(&WireSpec::latency_ns), "ns", "of a packet").range(0, 1e12);
  f.key("header_bytes", of(&WireSpec::header_bytes), "bytes", "of a packet, beside its payload")
      .range(0, kAnyNumber);
  f.key("payload_bytes", of(&WireSpec::payload_bytes), "bytes", "of a packet").above(0, kAnyNumber);
}

const Table& topology_table() {
  static const Table table = [] {
    Fields<Node> f("how chips are connected");
    f.key("kind", &Node::topology, "",
          "switch: all on one; fully_connected: a link a pair; ring: neighbours; torus: of `dimensions`; "
          "pairwise_host: links within pairs, between them the host; fat_tree: leaf switches of `radix`")
        .required();
    f.key("dimensions", &Node::dimensions, "chips", "of a torus").range(1, 4096);
    f.key("radix", &Node::radix, "chips", "of a fat_tree's leaf").range(1, 4096);
    f.key("reduces", &Node::switch_reduces, "", "the switch adds");
    f.key("latency_ns", &Node::switch_latency_ns, "ns", "of the switch").range(0, 1e12);
    return Table(f);
  }();
  return table;
}

const Table& link_table() {
  static const Table table = [] {
    Fields<Node> f("all links of a chip together");
    f.key("kind", &Node::short_kind, "",
          "short for one ring protocol of base_ns and step_ns, and the ring algorithm alone")
        .shaped(Shape::word({"ring"}));
    f.key("base_ns", &Node::short_base_ns, "ns", "of a collective, with kind").range(0, 1e12);
    f.key("step_ns", &Node::short_step_ns, "ns", "of a step of the ring, with kind").range(0, 1e12);
    add_wire<&NodeSpec::link>(f);
    f.key("energy_pj_per_bit", &Node::energy_pj_per_bit, "pJ per bit", "of a link")
        .range(0, kAnyNumber)
        .bears(Bears::energy);
    return Table(f);
  }();
  return table;
}

const Table& host_table() {
  static const Table table = [] {
    Fields<Node> f("a chip's way to the host, of pairwise_host");
    add_wire<&NodeSpec::host>(f);
    f.key("memory_gb_per_s", &Node::host_bytes_per_s, "GB/s",
          "through the host's memory, of all chips together; 0: their ways alone bound it")
        .range(0, 1e9)
        .times(1e9);
    return Table(f);
  }();
  return table;
}

const Table& nic_table() {
  static const Table table = [] {
    Fields<Node> f("the ways out of the node; the wire is one of them");
    f.key("count", &Node::nics, "", "of them").range(1, 4096);
    add_wire<&NodeSpec::nic>(f);
    f.key("base_us", &Node::nic_base_ns, "us", "what leaving the node adds to a collective's start")
        .range(0, kAnyNumber)
        .times(1e3);
    return Table(f);
  }();
  return table;
}

// What a machine says of its node, and a file of its own too, which must say more.
void add_node(Fields<Node>& f, bool file) {
  const auto needed = [&] {
    if (file) f.required();
  };
  f.key("chips", &Node::chips, "", "in the node").range(1, 4096);
  needed();
  if (!file) f.key("devices", &Node::devices, "", "used unless asked otherwise").range(1, 4096);
  f.group("topology", &topology_table, "how chips are connected").standing("a switch");
  needed();
  f.group("link", &link_table, "all links of a chip together");
  needed();
  f.group("host", &host_table, "a chip's way to the host, of pairwise_host");
  f.group("nics", &nic_table, "the ways out of the node");
  f.key("protocols", &Node::protocols, "",
        "of the library, by size, the last one for bulk; and of serving engines")
      .items(1)
      .standing("the wire alone");
  needed();
  f.key("algorithms", &Node::algorithms, "", "of collectives: the only ones used")
      .items(1)
      .standing("all that libraries have");
}

// Cross-checks of a node read from `pointer` of a document, and the short form at length.
NodeSpec settled(NodeKeys node, const std::string& pointer, const ConfigDocument& document,
                 std::vector<Diagnostic>& found) {
  // The short way to say a ring and what its library's steps cost.
  const bool is_short = !node.short_kind.empty();
  for (const auto& [key, given] :
       {std::pair{"base_ns", node.short_base_ns}, std::pair{"step_ns", node.short_step_ns}}) {
    if (!is_short && given)
      found.push_back(document.diagnostic(pointer + "/link/" + key, "goes with a link of kind ring"));
  }
  if (is_short) {
    for (const auto& [key, given] : {std::pair{"protocols", !node.protocols.empty()},
                                     std::pair{"algorithms", !node.algorithms.empty()}}) {
      if (given)
        found.push_back(
            document.diagnostic(pointer + "/link/kind",
                                fmt::format("a link of kind ring says its own {}; drop one of them", key)));
    }
    node.algorithms = {CollectiveAlgorithm::ring};
    node.protocols = {{"ring", node.short_base_ns.value_or(0), node.short_step_ns.value_or(0), 1}};
  }
  if (node.protocols.empty()) node.protocols = {{"wire"}};
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

}  // namespace

template <>
const Table& table_of<CollectiveProtocol>() {
  static const Table table = [] {
    using P = CollectiveProtocol;
    Fields<P> f("one way a library moves data");
    f.key("kind", &P::name, "", "its name").required();
    f.key("base_us", &P::base_ns, "us", "what starting a collective costs")
        .required()
        .range(0, kAnyNumber)
        .times(1e3);
    f.key("step_us", &P::step_ns, "us", "what a step costs").required().range(0, kAnyNumber).times(1e3);
    f.key("peer_us", &P::peer_ns, "us", "what an all-to-all costs for each device that is sent to")
        .range(0, kAnyNumber)
        .times(1e3);
    f.key("own_copy", &P::own_copy, "",
          "inside a node a device copies what came last in a ring, and its own part of an all-to-all, and "
          "sends nothing meanwhile: the time of so many steps")
        .range(0, 8);
    f.key("share", &P::share, "", "of the link's payload rate").required().above(0, 1);
    f.key(
        "serves", &P::serves, "",
        "what it is for. collectives: the library's; older: the same as of 2023, for stacks of that time "
        "(runtime key older_collectives); engine: one- and two-shot all-reduces of serving "
        "engines; pairs: the library's sends between two; experts: tokens of a mixture to experts and back; "
        "experts_by_node: the same, each token once to a node and on from there");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<NodeKeys>() {
  static const Table table = [] {
    Fields<Node> f("the node that the machine stands in");
    add_node(f, false);
    return Table(f);
  }();
  return table;
}

const Table& node_file_table() {
  static const Table table = [] {
    Fields<Node> f("orrery/node/1: chips that stand together, and their links");
    f.document("orrery/node/1");
    f.key("chip", &Node::chip, "", "machine that the node is made of").required();
    add_node(f, true);
    return Table(f);
  }();
  return table;
}

std::vector<std::string> node_names() {
  return names_of(kNode);
}

ConfigDocument load_node_document(const std::string& name) {
  return open_document(name, kNode);
}

NodeSpec load_node(const std::string& name) {
  return build_node(load_node_document(name));
}

NodeSpec node_from(const nlohmann::json& value, const std::string& pointer, const ConfigDocument& document,
                   std::vector<Diagnostic>& found) {
  NodeKeys node;
  table_of<NodeKeys>().read(&node, value, Place(&document));
  return settled(std::move(node), pointer, document, found);
}

NodeSpec build_node(const ConfigDocument& document) {
  NodeKeys keys;
  node_file_table().read(&keys, document.root(), Place(&document));
  std::vector<Diagnostic> found;
  NodeSpec node = settled(std::move(keys), "", document, found);
  node.name = document.path().stem().string();
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
