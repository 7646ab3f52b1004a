#pragma once
// The manual page and the shells' completions, from the tables of options that --help prints.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace orrery {

struct DescribedCommand {
  std::string name;                // "probe dram"
  std::string summary;             // "" of a subcommand
  nlohmann::ordered_json options;  // as kDescribe prints them
};

std::string manual_page(const std::vector<DescribedCommand>& commands, const std::string& version);
std::string bash_completion(const std::vector<DescribedCommand>& commands);
// bash's, through zsh's own layer for it.
std::string zsh_completion(const std::vector<DescribedCommand>& commands);

}  // namespace orrery
