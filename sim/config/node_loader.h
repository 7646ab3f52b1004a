#pragma once
// Nodes: files of their own (arch_configs/nodes, schema orrery/node/1), and what a machine file says of its
// own in the same words.

#include <optional>
#include <string>
#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/config/node_spec.h"
#include "sim/config/open_document.h"

namespace orrery {

// As documents say it: with the short form of a ring.
struct NodeKeys : NodeSpec {
  std::string short_kind;
  std::optional<double> short_base_ns, short_step_ns;
};
template <>
const Table& table_of<CollectiveProtocol>();
// Of a machine's `node`.
template <>
const Table& table_of<NodeKeys>();
const Table& node_file_table();

inline constexpr DocumentKind kNode = {"orrery/node/1", "node", "nodes", &node_file_table};

std::vector<std::string> node_names();

// A node by name or path. Throws ConfigError.
NodeSpec load_node(const std::string& name);
ConfigDocument load_node_document(const std::string& name);
NodeSpec build_node(const ConfigDocument& document);
// The node that a document describes at `pointer`; what is wrong with it is added to `found`.
NodeSpec node_from(const nlohmann::json& node, const std::string& pointer, const ConfigDocument& document,
                   std::vector<Diagnostic>& found);

// The node's chips and links in place of those a machine brings along: `--node`. Throws ConfigError when the
// node is made for another machine.
void use_node(ArchSpec& arch, const NodeSpec& node);

}  // namespace orrery
