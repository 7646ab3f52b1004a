#pragma once
// The files of a Chakra trace: NAME.0.et, NAME.1.et, ... a rank each, and groups of ranks by name beside them
// (NAME.comm_group.json or comm_group.json: {"0": [0, 1], ...}).

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace orrery {

struct ChakraRanks {
  std::string name;                          // NAME
  std::vector<std::filesystem::path> files;  // in the order of the ranks
  std::map<std::string, std::vector<std::uint32_t>> groups;
};

// Of the trace that one of its files is named for; a file without a number is alone. Throws ConfigError: a
// rank's file is missing, or groups are none.
ChakraRanks ranks_of(const std::filesystem::path& file);

// NAME.R.et of NAME.et, or of any NAME.N.et; and the groups' file.
std::filesystem::path rank_file(const std::filesystem::path& file, std::uint32_t rank);
std::filesystem::path groups_file(const std::filesystem::path& file);

}  // namespace orrery
