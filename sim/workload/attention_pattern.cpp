#include "sim/workload/attention_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <tuple>

#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"
#include "sim/util/sparsity.h"
#include "sim/util/text_file.h"

namespace orrery {
namespace {

constexpr std::uint64_t kMostPositions = std::uint64_t{1} << 27;
constexpr std::uint64_t kMostDilation = 65536;
constexpr std::uint64_t kMostLayers = 16384;
constexpr const char* kEnd = "end";

[[noreturn]] void refuse(const std::string& pattern, const std::string& why) {
  throw ConfigError("", "attention '" + pattern + "': " + why);
}

std::vector<std::string> parts_of(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  if (text.empty() || text.back() == separator) parts.emplace_back();
  return parts;
}

// "NAME:VALUE" of a pattern.
class Part {
 public:
  Part(const std::string& pattern, const std::string& text)
      : pattern_(pattern), name_(text.substr(0, text.find(':'))) {
    if (const std::size_t colon = text.find(':'); colon != std::string::npos) value_ = text.substr(colon + 1);
  }
  const std::string& name() const { return name_; }
  const std::string& value() const { return value_; }
  std::uint64_t whole(const std::string& text, std::uint64_t most) const {
    const bool digits =
        !text.empty() && text.size() <= 9 && text.find_first_not_of("0123456789") == std::string::npos;
    const std::uint64_t number = digits ? std::stoull(text) : 0;
    if (number == 0 || number > most)
      refuse(pattern_, fmt::format("'{}' of '{}' must be a whole number from 1 to {}", text, name_, most));
    return number;
  }
  std::uint64_t whole(std::uint64_t most) const { return whole(value_, most); }

 private:
  std::string pattern_, name_, value_;
};

void read_part(AttentionPattern& pattern, const Part& part, const std::string& text) {
  if (part.name() == "full" || part.name() == "model") refuse(text, "'" + part.name() + "' stands alone");
  if (part.name() == "window") {
    pattern.window = part.whole(kMostPositions);
  } else if (part.name() == "dilated") {
    pattern.dilation = part.whole(kMostDilation);
  } else if (part.name() == "global") {
    pattern.global = part.whole(kMostPositions);
  } else if (part.name() == "topk") {
    const std::size_t x = part.value().find('x');
    pattern.positions = part.whole(part.value().substr(0, x), kMostPositions);
    if (x != std::string::npos) pattern.block = part.whole(part.value().substr(x + 1), kMostPositions);
  } else if (part.name() == "density") {
    const auto density = sparsity_named(part.value());
    if (!density || density->kind != SparsityKind::unstructured)
      refuse(text, "'" + part.value() + "' of 'density' must lie between 0 and 1");
    pattern.density_ppm = density->kept;
  } else {
    refuse(text, "nothing is named '" + part.name() + "'" +
                     did_you_mean(part.name(),
                                  {"full", "model", "window", "dilated", "global", "topk", "density"}) +
                     "; expected full, model, or window:W, dilated:D, global:G, topk:K[xB], density:D "
                     "joined by '+'");
  }
}

AttentionPattern pattern_of(const std::string& text) {
  AttentionPattern pattern;
  if (text == "full") return pattern;
  if (text == "model") {
    pattern.as_filed = true;
    return pattern;
  }
  std::set<std::string> seen;
  for (const std::string& words : parts_of(text, '+')) {
    const Part part(text, words);
    if (!seen.insert(part.name()).second) refuse(text, "'" + part.name() + "' stands there twice");
    read_part(pattern, part, text);
  }
  if (pattern.global > 0 && pattern.window == 0) refuse(text, "'global' stands beside a 'window'");
  if (pattern.global > 0 && pattern.dilation > 1) refuse(text, "'global' beside 'dilated' is not modelled");
  const bool others = pattern.window > 0 || pattern.dilation > 1;
  if (pattern.positions > 0 && (others || pattern.density_ppm > 0))
    refuse(text, "'topk' stands alone: what a query chooses it chooses among all positions");
  if (pattern.density_ppm > 0 && others)
    refuse(text, "'density' stands alone: it is of all pairs that a mask leaves");
  return pattern;
}

// An attention block with a pattern; "" or why it cannot have it.
std::string changed(AttentionBlock& block, const AttentionPattern& pattern) {
  if (block.both_ways && pattern.dilation > 1) return "'dilated' is of attention to what came before";
  if (block.both_ways && pattern.positions > 0) return "'topk' is of attention to a cache";
  block.window = pattern.window;
  block.dilation = pattern.dilation;
  block.global = pattern.global;
  block.density_ppm = pattern.density_ppm;
  block.index = std::nullopt;
  if (pattern.positions > 0) {
    SparseIndex index{block.heads, block.head_dim, pattern.positions, false};
    index.blocks = BlockSummaries{block.kv_heads, pattern.block};
    block.index = index;
  }
  return "";
}

// Changes the attention of a layer; what of it cannot be changed says why.
class Change {
 public:
  explicit Change(const AttentionPattern& pattern) : pattern_(pattern) {}

  void operator()(ResidualBlock& block) { mixer(block.mixer); }
  void operator()(PostNorm& block) { mixer(block.mixer); }
  void operator()(ParallelBranches& block) { all(block.mixers); }
  void operator()(NormedBranches& block) { all(block.mixers); }
  void operator()(DraftLayer& block) { attention(block.attention); }
  void operator()(IdleLayer& /*block*/) {}

  bool any() const { return any_; }
  const std::string& fault() const { return fault_; }

 private:
  const AttentionPattern& pattern_;
  bool any_ = false;
  std::string fault_;

  void all(std::vector<MixerBlock>& mixers) {
    for (MixerBlock& m : mixers) mixer(m);
  }
  void attention(AttentionBlock& block) {
    any_ = true;
    const std::string fault = changed(block, pattern_);
    if (!fault.empty()) fault_ = fault;
  }
  void mixer(MixerBlock& mixer) {
    if (auto* block = std::get_if<AttentionBlock>(&mixer)) attention(*block);
    if (std::holds_alternative<LatentAttentionBlock>(mixer))
      fault_ = "the model's latent attention reads what its own file says";
  }
};

}  // namespace

bool operator==(const AttentionPattern& a, const AttentionPattern& b) {
  const auto all = [](const AttentionPattern& p) {
    return std::tuple(p.as_filed, p.window, p.dilation, p.global, p.positions, p.block, p.density_ppm);
  };
  return all(a) == all(b);
}

std::vector<AttentionPattern> attention_patterns(const std::string& text, std::uint64_t layers) {
  std::vector<AttentionPattern> patterns;
  std::vector<std::string> parts = parts_of(text, ',');
  const bool ends = parts.size() > 1 && parts.back() == kEnd;
  if (ends) parts.pop_back();
  for (const std::string& part : parts) patterns.push_back(pattern_of(part));
  if (!ends) return patterns;
  AttentionPattern filed;
  filed.as_filed = true;
  if (patterns.size() < layers) patterns.resize(layers, filed);
  return patterns;
}

std::string attention_patterns_of_file(const std::string& file) {
  std::istringstream lines(read_text_file(file));
  std::map<std::uint64_t, std::string> layers;
  std::uint64_t number = 0;
  bool headed = false;
  const auto fail = [&](const std::string& what) {
    throw ConfigError(fmt::format("{}:{}", file, number), what);
  };
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line.front() == '#') continue;
    if (!headed) {
      headed = true;
      if (line != "layer,attention") fail("expected the header 'layer,attention', of a table of patterns");
      continue;
    }
    const std::size_t comma = line.find(',');
    const std::string layer = line.substr(0, comma);
    if (comma == std::string::npos || layer.empty() || layer.size() > 6 ||
        layer.find_first_not_of("0123456789") != std::string::npos || std::stoull(layer) >= kMostLayers)
      fail("'" + line + "': expected a layer's number, from 0 on, and its pattern");
    try {
      pattern_of(line.substr(comma + 1));
    } catch (const ConfigError& wrong) {
      fail(wrong.what());
    }
    if (!layers.emplace(std::stoull(layer), line.substr(comma + 1)).second)
      fail("layer " + layer + " is named twice");
  }
  if (layers.empty()) fail("names no layer");
  std::string text;
  for (std::uint64_t i = 0; i <= layers.rbegin()->first; ++i) {
    const auto at = layers.find(i);
    text += (at == layers.end() ? "model" : at->second) + ",";
  }
  return text + kEnd;
}

void read_sparsely(LlmSpec& llm, const std::string& patterns) {
  const std::vector<AttentionPattern> turns = attention_patterns(patterns, llm.layer_count());
  const bool changes =
      std::any_of(turns.begin(), turns.end(), [](const AttentionPattern& p) { return !p.as_filed; });
  if (!changes) return;
  if (llm.encoder)
    throw ConfigError("", "attention '" + patterns + "': patterns of encoder-decoders are not modelled");
  if (turns.size() > llm.layer_count())
    throw ConfigError("", fmt::format("attention '{}' is of {} layers; the model has {}", patterns,
                                      turns.size(), llm.layer_count()));
  std::vector<LayerRun> layers;
  std::uint64_t index = 0;
  bool any = false;
  for (const LayerRun& run : llm.layers) {
    for (std::uint64_t i = 0; i < run.times; ++i, ++index) {
      const AttentionPattern& turn = turns[index % turns.size()];
      if (i > 0 && turn == turns[(index - 1) % turns.size()]) {
        ++layers.back().times;
        continue;
      }
      layers.push_back(run);
      layers.back().times = 1;
      if (turn.as_filed) continue;
      Change change(turn);
      for (LayerBlock& block : layers.back().blocks) std::visit(change, block);
      if (!change.fault().empty())
        throw ConfigError("", fmt::format("attention '{}' in layer {}: {}", patterns, index, change.fault()));
      any = any || change.any();
    }
  }
  if (!any) throw ConfigError("", "attention '" + patterns + "': no layer that it is of has attention");
  llm.layers = std::move(layers);
  constexpr std::size_t kWords = 40;
  llm.name += patterns.size() <= kWords ? " (attention " + patterns + ")" : " (attention changed by layer)";
}

}  // namespace orrery
