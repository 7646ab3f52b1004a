#include "sim/serve/step_oracle.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>
#include <unordered_map>

#include "sim/engine/step_runner.h"
#include "sim/serve/size_grid.h"
#include "sim/workload/pipeline.h"

namespace orrery {
namespace {

// Sizes from each power of two to the next: kernels of few rows go by whole tiles, so tokens have more.
constexpr unsigned kTokenBits = 3;
constexpr unsigned kScoredBits = 2;
constexpr unsigned kSequenceBits = 1;
constexpr unsigned kContextBits = 0;  // attention is nearly a straight line in what it reads
constexpr unsigned kPieceBits = 1;
constexpr std::uint64_t kShortestContext = 16;

StepCost cost_of(const OperatorCost& op) {
  return {op.seconds, op.dynamic.value(), static_cast<double>(op.kernels), op.split};
}

StepCost cost_of(const Tally& tally) {
  return {tally.seconds, tally.energy.total().value(), static_cast<double>(tally.counts().kernels),
          tally.split};
}

std::uint64_t packed(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  return a | b << 20U | c << 40U;  // each below 2^20, the last below 2^24
}

}  // namespace

// The layers that one group of devices has.
class StepOracle::Stage {
 public:
  Stage(LlmSpec llm, const NumberFormats& formats, const Parallelism& split, const ExecutionSpec& execution,
        OperatorRunner& runner)
      : llm_(std::move(llm)),
        formats_(formats),
        split_(split),
        execution_(execution),
        runner_(runner, no_software_) {
    sort_operators();
  }

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
  StepCost whole(const Step& step) { return run(step).whole; }

  std::uint64_t sizes() const { return tokens_.size() + scored_.size() + decoding_.size() + prompts_.size(); }

 private:
  enum class Part : std::uint8_t { tokens, scored, sequences };
  // What an operator is called, whatever its layer.
  using Role = std::tuple<OperatorKind, bool, std::uint32_t>;
  static Role role_of(const Operator& op) {
    return {op.kind, op.layer < 0, op.outputs.empty() ? 0 : op.outputs[0].id.slot};
  }
  struct Run {
    StepCost whole;
    std::array<StepCost, 3> parts;
  };
  static constexpr std::size_t index(Part part) { return static_cast<std::size_t>(part); }
  inline static const RuntimeSpec no_software_ = {};

  const LlmSpec llm_;
  const NumberFormats& formats_;
  const Parallelism split_;
  const ExecutionSpec& execution_;
  StepRunner runner_;
  std::shared_ptr<TensorNames> names_ = std::make_shared<TensorNames>();
  std::map<Role, Part> parts_;  // that are not of tokens
  bool has_scored_ = false, has_sequences_ = false;
  using Known = std::unordered_map<std::uint64_t, StepCost>;
  Known tokens_, scored_, decoding_, prompts_;

  // What is known under the key, or else what `simulate` finds.
  template <class Simulate>
  static const StepCost& once(Known& known, std::uint64_t key, Simulate simulate) {
    const auto found = known.find(key);
    return found != known.end() ? found->second : known.emplace(key, simulate()).first->second;
  }
  const StepCost& tokens(std::uint64_t count) {
    return once(tokens_, count, [&] {
      const Run run = this->run({{{Phase::prefill, 1, count, count}}});
      StepCost cost = run.whole;
      cost.add(run.parts[index(Part::scored)], -1).add(run.parts[index(Part::sequences)], -1);
      return cost;
    });
  }
  const StepCost& scored(std::uint64_t count) {
    return once(scored_, count, [&] {
      return run({{{Phase::decode, count, 1, kShortestContext}}}).parts[index(Part::scored)];
    });
  }
  const StepCost& decoding(std::uint64_t sequences, std::uint64_t each, std::uint64_t context) {
    return once(decoding_, packed(sequences, each, context), [&] {
      return of_sequences_alone({{{Phase::decode, sequences, each, std::max(each, context)}}});
    });
  }
  const StepCost& prompts(std::uint64_t pieces, std::uint64_t length, std::uint64_t before) {
    return once(prompts_, packed(pieces, length, before), [&] {
      return of_sequences_alone({{{Phase::prefill, pieces, length, before + length}}});
    });
  }

  OperatorGraph graph(const Step& step) const {
    return build_step(llm_, step, formats_, split_, execution_, names_);
  }

  // An operator goes by the tokens alone where it is the same for one prompt and for as many sequences that
  // decode; of the others, those beside the layers go by the positions that are scored.
  void sort_operators() {
    constexpr std::uint64_t kTokens = 64;
    using Shapes = std::map<Role, std::vector<OperatorShape>>;
    const auto shapes_of = [&](const Step& step) {
      Shapes shapes;
      for (const Operator& op : graph(step).operators) shapes[role_of(op)].push_back(op.shape);
      return shapes;
    };
    const Shapes prompt = shapes_of({{{Phase::prefill, 1, kTokens, kTokens}}});
    const Shapes decoding = shapes_of({{{Phase::decode, kTokens, 1, 2 * kTokens}}});
    for (const Shapes* here : {&prompt, &decoding}) {
      const Shapes& there = here == &prompt ? decoding : prompt;
      for (const auto& [role, shapes] : *here) {
        const auto same = there.find(role);
        if (same != there.end() && same->second == shapes) continue;
        const bool beside = std::get<1>(role);
        parts_[role] = beside ? Part::scored : Part::sequences;
        (beside ? has_scored_ : has_sequences_) = true;
      }
    }
  }

  Run run(const Step& step) {
    const OperatorGraph operators = graph(step);
    std::vector<OperatorCost> costs;
    Run run;
    run.whole = cost_of(runner_.run(operators, 0, &costs));
    for (std::size_t i = 0; i < costs.size(); ++i) {
      const auto part = parts_.find(role_of(operators.operators[i]));
      run.parts[index(part == parts_.end() ? Part::tokens : part->second)] += cost_of(costs[i]);
    }
    return run;
  }

  // What goes sequence by sequence, without the products around it: queries come from DRAM then, which is
  // little beside keys and values.
  StepCost of_sequences_alone(const Step& step) {
    OperatorGraph operators = graph(step);
    std::vector<Operator>& all = operators.operators;
    const auto others = std::remove_if(all.begin(), all.end(), [&](const Operator& op) {
      const auto part = parts_.find(role_of(op));
      return part == parts_.end() || part->second != Part::sequences;
    });
    all.erase(others, all.end());
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i].id = static_cast<std::uint32_t>(i);
      all[i].deps.clear();
    }
    return cost_of(runner_.run(operators, 0));
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

StepOracle::StepOracle(const LlmSpec& llm, const NumberFormats& formats, const Parallelism& split,
                       const ExecutionSpec& execution, OperatorRunner& runner) {
  for (LlmSpec& stage : pipeline_stages(llm, split.pipeline))
    stages_.push_back(std::make_unique<Stage>(std::move(stage), formats, split, execution, runner));
}

StepOracle::~StepOracle() = default;

template <class OfStage>
StagedCost StepOracle::through_stages(OfStage of_stage) {
  StagedCost all;
  for (const auto& stage : stages_) {
    const StepCost cost = of_stage(*stage);
    all.slowest_s = std::max(all.slowest_s, cost.seconds);
    all.sum += cost;
  }
  return all;
}

StagedCost StepOracle::cost(const StepLoad& load) {
  return through_stages([&](Stage& stage) {
    StepCost cost = stage.of_tokens(load);
    return cost += stage.of_sequences(load);
  });
}

StagedCost StepOracle::cost(const std::vector<StepLoad>& ranks) {
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

StagedCost StepOracle::whole(const Step& step) {
  return through_stages([&](Stage& stage) { return stage.whole(step); });
}

std::uint64_t StepOracle::simulated_sizes() const {
  std::uint64_t sum = 0;
  for (const auto& stage : stages_) sum += stage->sizes();
  return sum;
}

}  // namespace orrery
