#include "sim/workload/formats/chakra_ranks.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "sim/util/errors.h"
#include "sim/util/text_file.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

constexpr const char* kExtension = ".et";
constexpr std::uint32_t kMostRanks = 65536;

struct Parts {
  std::string name;
  std::optional<std::uint32_t> rank;
};

// "a.b.12.et": "a.b" and 12.
Parts parts_of(const fs::path& file) {
  const std::string stem = file.stem().string();
  const std::size_t dot = stem.rfind('.');
  const std::string digits = dot == std::string::npos ? "" : stem.substr(dot + 1);
  const bool number = !digits.empty() && digits.size() <= 6 &&
                      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!number) return {stem, std::nullopt};
  return {stem.substr(0, dot), static_cast<std::uint32_t>(std::stoul(digits))};
}

std::map<std::string, std::vector<std::uint32_t>> read_groups(const fs::path& file) {
  std::map<std::string, std::vector<std::uint32_t>> groups;
  const std::string text = read_text_file(file);
  const auto refuse = [&file] {
    throw ConfigError(file.string(), "expected lists of ranks by the name of their group: {\"0\": [0, 1]}");
  };
  try {
    const auto lists = nlohmann::json::parse(text);
    if (!lists.is_object()) refuse();
    for (const auto& [name, ranks] : lists.items()) {
      for (const auto& rank : ranks) {
        if (!rank.is_number_unsigned() || rank.get<std::uint64_t>() >= kMostRanks) refuse();
        groups[name].push_back(rank.get<std::uint32_t>());
      }
      std::sort(groups[name].begin(), groups[name].end());
    }
  } catch (const nlohmann::json::exception&) {
    refuse();
  }
  return groups;
}

}  // namespace

fs::path rank_file(const fs::path& file, std::uint32_t rank) {
  return file.parent_path() / fmt::format("{}.{}{}", parts_of(file).name, rank, kExtension);
}

fs::path groups_file(const fs::path& file) {
  return file.parent_path() / (parts_of(file).name + ".comm_group.json");
}

ChakraRanks ranks_of(const fs::path& file) {
  ChakraRanks found;
  const Parts own = parts_of(file);
  found.name = own.name;
  if (!own.rank) {
    found.files = {file};
  } else {
    std::set<std::uint32_t> ranks;
    const fs::path folder = file.parent_path().empty() ? fs::path(".") : file.parent_path();
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      const Parts other = parts_of(entry.path());
      if (entry.path().extension() == kExtension && other.rank && other.name == own.name)
        ranks.insert(*other.rank);
    }
    ranks.insert(*own.rank);
    for (std::uint32_t rank = 0; rank <= *ranks.rbegin(); ++rank) {
      if (ranks.count(rank) == 0)
        throw ConfigError(rank_file(file, rank).string(),
                          fmt::format("is missing: there are files of {} ranks, up to rank {}", ranks.size(),
                                      *ranks.rbegin()));
      found.files.push_back(rank_file(file, rank));
    }
  }
  for (const fs::path& groups : {groups_file(file), file.parent_path() / "comm_group.json"}) {
    if (!found.groups.empty() || !fs::is_regular_file(groups)) continue;
    found.groups = read_groups(groups);
  }
  return found;
}

}  // namespace orrery
