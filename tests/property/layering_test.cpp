// The allowed dependences of the layers, read from the #includes.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>

namespace orrery::test {
namespace {

// A file may include its own layer and layers of a lower rank.
const std::map<std::string, int> kRank = {
    {"sim/util", 0},     {"sim/describe", 1}, {"sim/operators", 1}, {"sim/config", 2}, {"sim/stats", 2},
    {"sim/workload", 3}, {"sim/timing", 3},   {"sim/estimate", 3},  {"sim/report", 4}, {"sim/program", 4},
    {"sim/mapping", 5},  {"models", 5},       {"sim/engine", 6},    {"sim/serve", 7},  {"sim/train", 7},
    {"sim/probe", 7},    {"sim/study", 8},    {"sim/validate", 9},  {"tools", 10}};

std::string layer_of(const std::string& path) {
  for (const auto& [layer, rank] : kRank) {
    if (path.compare(0, layer.size() + 1, layer + "/") == 0) return layer;
  }
  return "";
}

struct Include {
  std::string file, target;
  bool system;
};

std::vector<Include> includes() {
  std::vector<Include> found;
  const std::filesystem::path root = ORRERY_SOURCE_DIR;
  const std::regex pattern("^#include ([\"<])([^\">]+)[\">]");
  for (const char* top : {"sim", "models", "tools"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / top)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".h" && extension != ".cpp") continue;
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);) {
        std::smatch match;
        if (std::regex_search(line, match, pattern)) {
          found.push_back(
              {std::filesystem::relative(entry.path(), root).string(), match[2], match[1] == "<"});
        }
      }
    }
  }
  return found;
}

TEST(Layering, IncludesPointDownwards) {
  std::size_t checked = 0;
  for (const Include& i : includes()) {
    if (i.system) continue;
    const std::string from = layer_of(i.file);
    const std::string to = layer_of(i.target);
    ASSERT_FALSE(to.empty()) << i.file << " includes " << i.target << ", which is not written from the root";
    if (from != to) {
      EXPECT_LT(kRank.at(to), kRank.at(from)) << i.file << " includes " << i.target;
    }
    ++checked;
  }
  EXPECT_GT(checked, 200U);
}

TEST(Layering, LibrariesAreSeenOnlyWhereTheyBelong) {
  for (const Include& i : includes()) {
    if (!i.system) continue;
    const std::string from = layer_of(i.file);
    if (i.target == "systemc" || i.target == "tlm") {
      EXPECT_TRUE(from == "models" || from == "sim/engine" || from == "sim/probe") << i.file;
    }
    if (i.target.find("yaml-cpp") == 0 || i.target.find("valijson") == 0) {
      EXPECT_EQ(from, "sim/config") << i.file;
    }
    if (i.target.find("boost/program_options") == 0) {
      EXPECT_EQ(from, "tools") << i.file;
    } else if (i.target.find("boost/") == 0 || i.target.find("SQLiteCpp") == 0 ||
               i.target.find("pagmo/") == 0) {
      EXPECT_EQ(from, "sim/study") << i.file;
    } else if (i.target.find("google/protobuf") == 0) {
      EXPECT_EQ(i.file.find("sim/workload/formats/"), 0U) << i.file;
    }
  }
}

TEST(Layering, LibrariesNeitherPrintNorExit) {
  const std::regex forbidden("std::c(out|err)|[^a-z_]printf\\(|[^_a-z]exit\\(|abort\\(");
  const std::filesystem::path root = ORRERY_SOURCE_DIR;
  for (const char* top : {"sim", "models"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / top)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);)
        EXPECT_FALSE(std::regex_search(line, forbidden)) << entry.path() << ": " << line;
    }
  }
}

}  // namespace
}  // namespace orrery::test
