#pragma once
// What a machine simulated of steps, size by size: the parts of which any step is composed.

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/engine/operator_runner.h"
#include "sim/serve/step_cost.h"
#include "sim/workload/llm_spec.h"
#include "sim/workload/transformer_graph.h"

namespace orrery {

// tokens: operators that go by the tokens of a step alone. scored: those of scored positions. decoding,
// prompts: attention and whatever else goes sequence by sequence.
enum class StepPart : std::uint8_t { tokens, scored, decoding, prompts };

// Of tokens and scored: how many. Of decoding: sequences, new tokens of each, positions that each reads. Of
// prompts: pieces, new tokens of each, positions before them.
struct StepSize {
  StepPart part = StepPart::tokens;
  std::uint32_t stage = 0;
  std::uint64_t count = 0, each = 0, context = 0;
};

class StepSizes {
 public:
  virtual ~StepSizes() = default;
  virtual std::size_t stages() const = 0;  // of the pipeline
  // Whether a stage has such operators; asked of scored and of decoding (prompts have them where decoding
  // does).
  virtual bool has(std::size_t stage, StepPart part) = 0;
  virtual StepCost simulated(const StepSize& size) = 0;
  // Whether the machine has programs for some lengths alone, and a load as it computes it then.
  virtual bool pads() const { return false; }
  virtual StepLoad padded(const StepLoad& load) const { return load; }
};

// On a runner of this process.
class SimulatedSizes : public StepSizes {
 public:
  // Of one replica of `llm`; what is referred to must outlive it. Throws ConfigError.
  SimulatedSizes(const LlmSpec& llm, const NumberFormats& formats, const Parallelism& split,
                 const ExecutionSpec& execution, OperatorRunner& runner);
  ~SimulatedSizes() override;
  std::size_t stages() const override { return stages_.size(); }
  bool has(std::size_t stage, StepPart part) override;
  StepCost simulated(const StepSize& size) override;
  bool pads() const override;
  // Of decoding sequences, whose lengths are told together, half of a program's more in the mean.
  StepLoad padded(const StepLoad& load) const override;
  // A step as it stands.
  StagedCost whole(const Step& step);

 private:
  class Stage;
  std::vector<std::unique_ptr<Stage>> stages_;
  ExecutionSpec asked_, any_length_;  // as the machine is, and the same with programs for all lengths
};

}  // namespace orrery
