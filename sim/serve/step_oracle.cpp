#include "sim/serve/step_oracle.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

#include "sim/serve/size_grid.h"

namespace orrery {
namespace {

// Sizes from each power of two to the next: kernels of few rows go by whole tiles, so tokens have more.
constexpr unsigned kTokenBits = 3;
constexpr unsigned kScoredBits = 2;
constexpr unsigned kSequenceBits = 1;
constexpr unsigned kContextBits = 0;  // attention is nearly a straight line in what it reads
constexpr unsigned kPieceBits = 1;
constexpr std::uint64_t kShortestContext = 16;

std::uint64_t packed(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  return a | b << 20U | c << 40U;  // each below 2^20, the last below 2^24
}

}  // namespace

// The lines of one group of devices.
class StepOracle::Stage {
 public:
  Stage(StepSizes& sizes, std::size_t stage)
      : sizes_(sizes),
        stage_(static_cast<std::uint32_t>(stage)),
        has_scored_(sizes.has(stage, StepPart::scored)),
        has_sequences_(sizes.has(stage, StepPart::decoding)) {}

  StepCost of_tokens(const StepLoad& load) {
    StepCost sum;
    for (const auto& [count, share] : ends(between_steps(load.tokens(), kTokenBits))) {
      if (share > 0) sum.add(tokens(count), share);
    }
    if (!has_scored_) return sum;
    for (const auto& [count, share] : ends(between_steps(load.scored(), kScoredBits))) {
      if (share > 0) sum.add(scored(count), share);
    }
    return sum;
  }
  StepCost of_sequences(const StepLoad& load) {
    StepCost sum;
    if (!has_sequences_) return sum;
    if (load.decoding > 0) add_decoding(load, sum);
    if (!load.prompts.empty()) add_prompts(load, sum);
    return sum;
  }

  std::uint64_t sizes() const { return tokens_.size() + scored_.size() + decoding_.size() + prompts_.size(); }

 private:
  StepSizes& sizes_;
  std::uint32_t stage_;
  bool has_scored_, has_sequences_;
  using Known = std::unordered_map<std::uint64_t, StepCost>;
  Known tokens_, scored_, decoding_, prompts_;

  // What is known under the key, or else simulated.
  const StepCost& once(Known& known, std::uint64_t key, const StepSize& size) {
    const auto found = known.find(key);
    return found != known.end() ? found->second : known.emplace(key, sizes_.simulated(size)).first->second;
  }
  const StepCost& tokens(std::uint64_t count) {
    return once(tokens_, count, {StepPart::tokens, stage_, count, 0, 0});
  }
  const StepCost& scored(std::uint64_t count) {
    return once(scored_, count, {StepPart::scored, stage_, count, 0, 0});
  }
  const StepCost& decoding(std::uint64_t sequences, std::uint64_t each, std::uint64_t context) {
    return once(decoding_, packed(sequences, each, context),
                {StepPart::decoding, stage_, sequences, each, context});
  }
  const StepCost& prompts(std::uint64_t pieces, std::uint64_t length, std::uint64_t before) {
    return once(prompts_, packed(pieces, length, before),
                {StepPart::prompts, stage_, pieces, length, before});
  }

  // As many tokens read at each of both numbers of sequences.
  void add_decoding(const StepLoad& load, StepCost& sum) {
    const std::uint64_t context =
        std::max(kShortestContext, (load.decoding_context + load.decoding / 2) / load.decoding);
    const Between c = between(context, kContextBits);
    for (const auto& [sequences, sequence_share] : ends(between(load.decoding, kSequenceBits))) {
      for (const auto& [context_at, context_share] : ends(c)) {
        const double share = sequence_share * context_share;
        if (share > 0) sum.add(decoding(sequences, load.verified, context_at), share);
      }
    }
  }

  // As so many alike pieces with as much to do.
  void add_prompts(const StepLoad& load, StepCost& sum) {
    const auto pieces = load.prompts.size();
    double scores = 0;
    double tokens = 0;
    for (const PromptPiece& piece : load.prompts) {
      const auto length = static_cast<double>(piece.new_tokens);
      scores += length * (static_cast<double>(piece.context) - length / 2);
      tokens += length;
    }
    const double length = tokens / static_cast<double>(pieces);
    const double before = std::max(0.0, scores / tokens - length / 2);
    const Between b = between(pieces, 0);
    const Between p = context_between(static_cast<std::uint64_t>(std::lround(before)));
    const Between q =
        between(std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::lround(length))), kPieceBits);
    for (const auto& [pieces_at, piece_share] : ends(b)) {
      for (const auto& [length_at, length_share] : ends(q)) {
        for (const auto& [before_at, before_share] : ends(p)) {
          const double share = piece_share * length_share * before_share;
          if (share > 0) sum.add(prompts(pieces_at, length_at, before_at), share);
        }
      }
    }
  }
  static std::array<std::pair<std::uint64_t, double>, 2> ends(const Between& between) {
    return {{{between.low, 1 - between.share}, {between.high, between.share}}};
  }
  static Between context_between(std::uint64_t before) {
    if (before >= kShortestContext) return between(before, kContextBits);
    return {0, kShortestContext, static_cast<double>(before) / static_cast<double>(kShortestContext)};
  }
};

StepOracle::StepOracle(StepSizes& sizes) : sizes_(sizes) {
  for (std::size_t stage = 0; stage < sizes.stages(); ++stage)
    stages_.push_back(std::make_unique<Stage>(sizes, stage));
}

StepOracle::~StepOracle() = default;

template <class OfStage>
StagedCost StepOracle::through_stages(OfStage of_stage) {
  StagedCost all;
  for (const auto& stage : stages_) all.add(of_stage(*stage));
  return all;
}

StagedCost StepOracle::cost(const StepLoad& load) {
  return sizes_.pads() ? composed(sizes_.padded(load)) : composed(load);
}

StagedCost StepOracle::cost(const std::vector<StepLoad>& ranks) {
  if (!sizes_.pads()) return composed(ranks);
  std::vector<StepLoad> padded;
  for (const StepLoad& rank : ranks) padded.push_back(sizes_.padded(rank));
  return composed(padded);
}

StagedCost StepOracle::composed(const StepLoad& load) {
  return through_stages([&](Stage& stage) {
    StepCost cost = stage.of_tokens(load);
    return cost += stage.of_sequences(load);
  });
}

StagedCost StepOracle::composed(const std::vector<StepLoad>& ranks) {
  const auto most = std::max_element(ranks.begin(), ranks.end(), [](const StepLoad& a, const StepLoad& b) {
    return a.tokens() < b.tokens();
  });
  return through_stages([&](Stage& stage) {
    StepCost cost = stage.of_tokens(*most);
    StepCost slowest;
    for (const StepLoad& rank : ranks) {
      const StepCost sequences = stage.of_sequences(rank);
      if (sequences.seconds > slowest.seconds) slowest = sequences;
    }
    return cost += slowest;
  });
}

std::uint64_t StepOracle::simulated_sizes() const {
  std::uint64_t sum = 0;
  for (const auto& stage : stages_) sum += stage->sizes();
  return sum;
}

}  // namespace orrery
