#include "sim/serve/step_sizes.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "sim/engine/step_runner.h"
#include "sim/stats/tally.h"
#include "sim/workload/pipeline.h"
#include "sim/workload/step.h"

namespace orrery {
namespace {

constexpr std::uint64_t kShortContext = 16;  // of sequences whose scored positions alone are asked for

StepCost cost_of(const OperatorCost& op) {
  return {op.seconds, op.dynamic.value(), static_cast<double>(op.kernels), op.split};
}

StepCost cost_of(const Tally& tally) {
  return {tally.seconds, tally.energy.total().value(), static_cast<double>(tally.counts().kernels),
          tally.split};
}

}  // namespace

// The layers that one group of devices has.
class SimulatedSizes::Stage {
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

  bool has(StepPart part) const { return part == StepPart::scored ? has_scored_ : has_sequences_; }
  StepCost whole(const Step& step) { return run(step).whole; }

  StepCost simulated(const StepSize& size) {
    const auto& [part, stage, count, each, context] = size;
    switch (part) {
      case StepPart::tokens: {
        const Run run = this->run({{{Phase::prefill, 1, count, count}}});
        StepCost cost = run.whole;
        cost.add(run.parts[index(Part::scored)], -1).add(run.parts[index(Part::sequences)], -1);
        return cost;
      }
      case StepPart::scored:
        return run({{{Phase::decode, count, 1, kShortContext}}}).parts[index(Part::scored)];
      case StepPart::decoding:
        return of_sequences_alone({{{Phase::decode, count, each, std::max(each, context)}}});
      case StepPart::prompts:
        return of_sequences_alone({{{Phase::prefill, count, each, context + each}}});
    }
    return {};
  }

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
  const NumberFormats formats_;
  const Parallelism split_;
  const ExecutionSpec& execution_;
  StepRunner runner_;
  std::shared_ptr<TensorNames> names_ = std::make_shared<TensorNames>();
  std::map<Role, Part> parts_;  // that are not of tokens
  bool has_scored_ = false, has_sequences_ = false;

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
    operators.stored.clear();                       // which belongs to the tokens
    std::map<std::uint32_t, std::uint32_t> number;  // by what they were
    for (std::size_t i = 0; i < all.size(); ++i) {
      number[all[i].id] = static_cast<std::uint32_t>(i);
      all[i].id = static_cast<std::uint32_t>(i);
      std::vector<std::uint32_t> deps;
      for (const std::uint32_t dep : all[i].deps) {
        if (const auto kept = number.find(dep); kept != number.end()) deps.push_back(kept->second);
      }
      all[i].deps = std::move(deps);
    }
    return cost_of(runner_.run(operators, 0));
  }
};

SimulatedSizes::SimulatedSizes(const LlmSpec& llm, const NumberFormats& formats, const Parallelism& split,
                               const ExecutionSpec& execution, OperatorRunner& runner)
    : asked_(execution), any_length_(execution) {
  any_length_.compiled_prompt_tokens = any_length_.compiled_context_tokens = 1;
  for (LlmSpec& stage : pipeline_stages(llm, split.pipeline))
    stages_.push_back(std::make_unique<Stage>(std::move(stage), formats, split, any_length_, runner));
}

SimulatedSizes::~SimulatedSizes() = default;

bool SimulatedSizes::has(std::size_t stage, StepPart part) {
  return stages_[stage]->has(part);
}

StepCost SimulatedSizes::simulated(const StepSize& size) {
  return stages_[size.stage]->simulated(size);
}

bool SimulatedSizes::pads() const {
  return asked_.compiled_prompt_tokens > 1 || asked_.compiled_context_tokens > 1;
}

StepLoad SimulatedSizes::padded(const StepLoad& load) const {
  StepLoad whole = load;
  for (PromptPiece& piece : whole.prompts) {
    const auto length = round_up<std::uint64_t>(piece.new_tokens, asked_.compiled_prompt_tokens);
    piece.context += length - piece.new_tokens;
    piece.new_tokens = length;
  }
  whole.decoding_context += load.decoding * (asked_.compiled_context_tokens - 1) / 2;
  return whole;
}

StagedCost SimulatedSizes::whole(const Step& step) {
  const Step padded = compiled(step, asked_);
  StagedCost all;
  for (const auto& stage : stages_) all.add(stage->whole(padded));
  return all;
}

}  // namespace orrery
