#include "sim/workload/attention_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <regex>
#include <set>
#include <sstream>
#include <tuple>

#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"
#include "sim/util/sparsity.h"

namespace orrery {
namespace {

constexpr std::uint64_t kMostPositions = std::uint64_t{1} << 27;
constexpr std::uint64_t kMostDilation = 65536;
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

std::uint64_t share_of(const std::string& pattern, const std::string& text) {
  static const std::regex number("1|1\\.0*|0?\\.[0-9]+");
  const double share = std::regex_match(text, number) ? std::stod(text) : 0;
  const auto ppm = static_cast<std::uint64_t>(std::llround(share * static_cast<double>(kWholeDensity)));
  if (ppm == 0) refuse(pattern, "'" + text + "' of 'tokens' must lie above 0, up to 1");
  return ppm;
}

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
  } else if (part.name() == "tokens") {
    const std::size_t to = part.value().find("..");
    pattern.leaves_out = true;
    pattern.first_kept_ppm = share_of(text, part.value().substr(0, to));
    pattern.last_kept_ppm =
        to == std::string::npos ? pattern.first_kept_ppm : share_of(text, part.value().substr(to + 2));
  } else {
    refuse(text, "nothing is named '" + part.name() + "'" +
                     did_you_mean(part.name(), {"full", "model", "window", "dilated", "global", "topk",
                                                "density", "tokens"}) +
                     "; expected full, model, or window:W, dilated:D, global:G, topk:K[xB], density:D, "
                     "tokens:S[..T] joined by '+'");
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
  pattern.as_filed = seen.size() == 1 && seen.count("tokens") > 0;
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
  block.kept_ppm = pattern.first_kept_ppm;
  if (pattern.as_filed) return "";
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
    return std::tuple(p.as_filed, p.leaves_out, p.window, p.dilation, p.global, p.positions, p.block,
                      p.density_ppm, p.first_kept_ppm, p.last_kept_ppm);
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

namespace {

bool nothing(const AttentionPattern& p) {
  return p.as_filed && p.first_kept_ppm == kWholeDensity && p.last_kept_ppm == kWholeDensity;
}

// The pattern of one of so many layers, behind another.
AttentionPattern in_layer(AttentionPattern pattern, const AttentionPattern& before, std::uint64_t index,
                          std::uint64_t layers) {
  if (!pattern.leaves_out) {
    pattern.first_kept_ppm = pattern.last_kept_ppm = before.first_kept_ppm;
    return pattern;
  }
  const auto first = static_cast<double>(pattern.first_kept_ppm);
  const auto last = static_cast<double>(pattern.last_kept_ppm);
  const double at = layers > 1 ? static_cast<double>(index) / static_cast<double>(layers - 1) : 0;
  pattern.first_kept_ppm = pattern.last_kept_ppm =
      static_cast<std::uint64_t>(std::llround(first + (last - first) * at));
  return pattern;
}

}  // namespace

void read_sparsely(LlmSpec& llm, const std::string& patterns) {
  const std::vector<AttentionPattern> turns = attention_patterns(patterns, llm.layer_count());
  const bool changes =
      std::any_of(turns.begin(), turns.end(), [](const AttentionPattern& p) { return !nothing(p); });
  if (!changes) return;
  if (llm.encoder)
    throw ConfigError("", "attention '" + patterns + "': patterns of encoder-decoders are not modelled");
  if (turns.size() > llm.layer_count())
    throw ConfigError("", fmt::format("attention '{}' is of {} layers; the model has {}", patterns,
                                      turns.size(), llm.layer_count()));
  std::vector<LayerRun> layers;
  std::uint64_t index = 0;
  bool any = false;
  AttentionPattern before;
  for (const LayerRun& run : llm.layers) {
    for (std::uint64_t i = 0; i < run.times; ++i, ++index) {
      const AttentionPattern turn = in_layer(turns[index % turns.size()], before, index, llm.layer_count());
      if (turn.first_kept_ppm > before.first_kept_ppm)
        throw ConfigError("",
                          fmt::format("attention '{}' in layer {}: a share of {:g} of the tokens after {:g}; "
                                      "what was left out does not come back",
                                      patterns, index, 1e-6 * static_cast<double>(turn.first_kept_ppm),
                                      1e-6 * static_cast<double>(before.first_kept_ppm)));
      if (i > 0 && turn == before) {
        ++layers.back().times;
        continue;
      }
      before = turn;
      layers.push_back(run);
      layers.back().times = 1;
      layers.back().kept_ppm = turn.first_kept_ppm;
      layers.back().continues = run.continues || (run.one_set && i > 0);
      if (nothing(turn)) continue;
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
