// The house is in order: each source has its test or says which one holds it, each folder says what it is
// for.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "tests/support/command.h"

namespace orrery::test {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = ORRERY_SOURCE_DIR;

std::vector<fs::path> files(const std::string& below, const std::string& extension) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / below)) {
    if (entry.path().extension() == extension) found.push_back(fs::relative(entry.path(), kRoot));
  }
  return found;
}

// tests/elsewhere.txt: "source  test", a line each.
std::map<std::string, std::string> elsewhere() {
  std::map<std::string, std::string> tests;
  std::ifstream list(kRoot / "tests/elsewhere.txt");
  for (std::string line; std::getline(list, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string source;
    words >> source >> tests[source];
    if (tests[source].empty()) ADD_FAILURE() << line;
  }
  return tests;
}

TEST(House, EverySourceHasItsTest) {
  const auto held = elsewhere();
  for (const char* top : {"sim", "models"}) {
    for (const fs::path& source : files(top, ".cpp")) {
      fs::path mirror = "tests" / source;
      mirror.replace_filename(source.stem().string() + "_test.cpp");
      const bool mirrored = fs::exists(kRoot / mirror);
      const bool listed = held.count(source.string()) != 0;
      EXPECT_TRUE(mirrored || listed)
          << source << " has neither " << mirror << " nor a line in tests/elsewhere.txt";
      EXPECT_FALSE(mirrored && listed) << source << " has its own test: drop its line";
    }
  }
  for (const auto& [source, test] : held) {
    EXPECT_TRUE(fs::exists(kRoot / source)) << source << " of tests/elsewhere.txt is gone";
    EXPECT_TRUE(fs::exists(kRoot / test)) << test << ", said to hold " << source << ", is gone";
  }
}

TEST(House, EveryFolderSaysWhatItIsFor) {
  for (const char* top : {"sim", "models"}) {
    for (const auto& entry : fs::directory_iterator(kRoot / top)) {
      if (!entry.is_directory()) continue;
      const fs::path readme = entry.path() / "README.md";
      ASSERT_TRUE(fs::exists(readme)) << readme;
      const std::string text = read_file(readme.string());
      EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 15) << readme;
      const std::regex named("[A-Za-z0-9_/]+\\.(h|cpp)\\b");
      for (std::sregex_iterator at(text.begin(), text.end(), named); at != std::sregex_iterator(); ++at)
        EXPECT_TRUE(fs::exists(entry.path() / at->str())) << readme << " names " << at->str();
    }
  }
}

TEST(House, FilesAreOfOneConcept) {
  constexpr std::ptrdiff_t kMostLines = 450;
  for (const char* top : {"sim", "models", "tools"}) {
    for (const char* extension : {".h", ".cpp"}) {
      for (const fs::path& file : files(top, extension)) {
        const std::string text = read_file((kRoot / file).string());
        EXPECT_LE(std::count(text.begin(), text.end(), '\n'), kMostLines) << file;
      }
    }
  }
}

}  // namespace
}  // namespace orrery::test
