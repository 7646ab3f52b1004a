#include "tests/support/chakra_file.h"

#include <sstream>

#include "sim/workload/formats/delimited.h"
#include "tests/support/command.h"

namespace orrery::test {

void attribute(chakra::Node& node, const std::string& name, std::int64_t value) {
  chakra::Attribute& a = *node.add_attr();
  a.set_name(name);
  a.set_int64_val(value);
}

void attribute_u64(chakra::Node& node, const std::string& name, std::uint64_t value) {
  chakra::Attribute& a = *node.add_attr();
  a.set_name(name);
  a.set_uint64_val(value);
}

ChakraFile::ChakraFile(std::size_t most) {
  metadata_.set_version("0.0.4");
  nodes_.reserve(most);  // callers hold references
}

chakra::Node& ChakraFile::node(chakra::NodeType type, const std::string& name,
                               const std::vector<std::uint64_t>& needs) {
  chakra::Node& node = nodes_.emplace_back();
  node.set_id(nodes_.size());
  node.set_name(name);
  node.set_type(type);
  for (const std::uint64_t need : needs) node.add_data_deps(need);
  return node;
}

chakra::Node& ChakraFile::collective(chakra::CollectiveCommType type, std::int64_t bytes,
                                     const std::vector<std::uint64_t>& needs) {
  chakra::Node& made = node(chakra::COMM_COLL_NODE, chakra::CollectiveCommType_Name(type), needs);
  attribute(made, "comm_type", type);
  attribute(made, "comm_size", bytes);
  return made;
}

chakra::Node& ChakraFile::transfer(bool sends, std::uint32_t peer, std::uint64_t bytes,
                                   const std::vector<std::uint64_t>& needs) {
  chakra::Node& made =
      node(sends ? chakra::COMM_SEND_NODE : chakra::COMM_RECV_NODE, sends ? "send" : "receive", needs);
  attribute(made, sends ? "comm_dst" : "comm_src", peer);
  attribute_u64(made, "comm_size", bytes);
  return made;
}

std::string ChakraFile::bytes() const {
  std::ostringstream out;
  write_delimited(metadata_, out);
  for (const chakra::Node& node : nodes_) write_delimited(node, out);
  return out.str();
}

std::string ChakraFile::write(const std::string& name) const {
  return temporary_file(name, bytes());
}

}  // namespace orrery::test
