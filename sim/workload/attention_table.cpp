#include "sim/workload/attention_table.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include "sim/util/errors.h"
#include "sim/util/text_file.h"
#include "sim/workload/attention_pattern.h"

namespace orrery {
namespace {

constexpr std::uint64_t kMost = 16384;  // layers, and heads of one

class AttentionTable {
 public:
  explicit AttentionTable(const std::string& file) : file_(file) {}

  std::string text() {
    std::istringstream lines(read_text_file(file_));
    for (std::string line; std::getline(lines, line);) {
      ++number_;
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (!line.empty() && line.front() != '#') read(line);
    }
    for (const auto& [layer, densities] : heads_) layers_[layer] = mean(layer, densities);
    if (layers_.empty()) fail("names no layer");
    std::string text;
    for (std::uint64_t i = 0; i <= layers_.rbegin()->first; ++i) {
      const auto at = layers_.find(i);
      text += (at == layers_.end() ? "model" : at->second) + ",";
    }
    return text + "end";
  }

 private:
  std::string file_, header_;
  std::uint64_t number_ = 0;                                        // of the line
  std::map<std::uint64_t, std::string> layers_;                     // their patterns
  std::map<std::uint64_t, std::map<std::uint64_t, double>> heads_;  // of layers, their heads' densities

  [[noreturn]] void fail(const std::string& what) const {
    throw ConfigError(fmt::format("{}:{}", file_, number_), what);
  }

  void read(const std::string& line) {
    if (header_.empty()) {
      header_ = line;
      if (line != "layer,attention" && line != "layer,head,density")
        fail("expected the header 'layer,attention' or 'layer,head,density', of a table of patterns");
    } else if (header_ == "layer,attention") {
      read_layer(line);
    } else {
      read_head(line);
    }
  }

  // The number before the first comma of `rest`, which is what stands behind it then.
  std::uint64_t number_of(const std::string& line, std::string& rest, const char* expected) const {
    const std::size_t comma = rest.find(',');
    const std::string word = rest.substr(0, comma);
    if (comma == std::string::npos || word.empty() || word.size() > 6 ||
        word.find_first_not_of("0123456789") != std::string::npos || std::stoull(word) >= kMost)
      fail("'" + line + "': expected " + expected);
    rest.erase(0, comma + 1);
    return std::stoull(word);
  }

  void read_layer(const std::string& line) {
    std::string pattern = line;
    const std::uint64_t layer = number_of(line, pattern, "a layer's number, from 0 on, and its pattern");
    if (pattern.find(',') != std::string::npos) fail("'" + line + "': expected one pattern of a layer");
    try {
      attention_patterns(pattern);
    } catch (const ConfigError& wrong) {
      fail(wrong.what());
    }
    if (!layers_.emplace(layer, pattern).second) fail(fmt::format("layer {} is named twice", layer));
  }

  void read_head(const std::string& line) {
    constexpr const char* kExpected = "a layer's number, a head's, both from 0 on, and a share of its pairs";
    std::string rest = line;
    const std::uint64_t layer = number_of(line, rest, kExpected);
    const std::uint64_t head = number_of(line, rest, kExpected);
    double density = 0;
    try {
      std::size_t read = 0;
      density = std::stod(rest, &read);
      if (read != rest.size()) density = 0;
    } catch (const std::exception&) {
      density = 0;
    }
    if (!(density > 0) || density > 1)
      fail("'" + line + "': a density of '" + rest + "'; it must lie above 0, up to 1");
    if (!heads_[layer].emplace(head, density).second)
      fail(fmt::format("head {} of layer {} is named twice", head, layer));
  }

  // As a pattern; all of a layer's heads are there, from the first on.
  std::string mean(std::uint64_t layer, const std::map<std::uint64_t, double>& densities) const {
    if (densities.rbegin()->first + 1 != densities.size())
      throw ConfigError(file_, fmt::format("layer {} has {} heads, the last of them number {}: a table has "
                                           "all heads of a layer, from 0 on",
                                           layer, densities.size(), densities.rbegin()->first));
    double sum = 0;
    for (const auto& [head, density] : densities) sum += density;
    const double mean = std::max(1e-6, sum / static_cast<double>(densities.size()));
    return mean > 1 - 1e-6 ? "full" : fmt::format("density:{:.6f}", mean);
  }
};

}  // namespace

std::string attention_patterns_of_file(const std::string& file) {
  return AttentionTable(file).text();
}

}  // namespace orrery
