#pragma once
// One rank's file of a Chakra trace.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "sim/workload/formats/graph_import.h"
#include "sim/workload/formats/import_options.h"

namespace orrery {

// Who takes part in an operator: the same name on all of them.
struct Gathering {
  std::string name;
  std::vector<std::uint32_t> ranks;
};

struct ChakraRank {
  OperatorGraph graph;
  std::map<std::uint32_t, Gathering> gatherings;  // by the operator's id
};

struct RankContext {
  std::uint32_t rank = 0;
  std::uint32_t ranks = 1;
  const std::map<std::string, std::vector<std::uint32_t>>& groups;
  const ImportOptions& options;
  Coverage& coverage;
  std::shared_ptr<TensorNames> names;
};

// Throws ConfigError.
ChakraRank read_chakra_rank(const std::filesystem::path& file, const RankContext& context);

}  // namespace orrery
