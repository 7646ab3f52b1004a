#pragma once
// Chakra execution traces as other tools write them.

#include <string>
#include <vector>

#include "sim/workload/formats/chakra.pb.h"

namespace orrery::test {

class ChakraFile {
 public:
  // Of so many nodes at most.
  explicit ChakraFile(std::size_t most = 256);

  // The next node, numbered from 1 on; attributes and operands are for the caller.
  chakra::Node& node(chakra::NodeType type, const std::string& name,
                     const std::vector<std::uint64_t>& needs = {});
  chakra::Node& collective(chakra::CollectiveCommType type, std::int64_t bytes,
                           const std::vector<std::uint64_t>& needs = {});
  chakra::Node& transfer(bool sends, std::uint32_t peer, std::uint64_t bytes,
                         const std::vector<std::uint64_t>& needs = {});

  std::string bytes() const;
  // Into the test's temporary folder. Its path.
  std::string write(const std::string& name) const;

 private:
  chakra::GlobalMetadata metadata_;
  std::vector<chakra::Node> nodes_;
};

void attribute(chakra::Node& node, const std::string& name, std::int64_t value);
void attribute_u64(chakra::Node& node, const std::string& name, std::uint64_t value);

}  // namespace orrery::test
