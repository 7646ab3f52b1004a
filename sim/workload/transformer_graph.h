#pragma once
// Builds the operator graph of a step, for one device of a tensor-parallel group.

#include <optional>

#include "sim/config/arch_spec.h"
#include "sim/workload/llm_spec.h"
#include "sim/workload/operator.h"
#include "sim/workload/step.h"

namespace orrery {

struct Scenario {
  std::uint64_t batch = 1;     // sequences, of all replicas
  std::uint64_t input = 1024;  // prompt tokens a sequence
  std::uint64_t output = 128;  // tokens generated a sequence (1 = the prefill's own)
  NumberFormats formats = formats_of(DType::fp16);
  Parallelism split = {};
  // One step of a replica instead, whose groups say what runs; the lengths above are its longest.
  std::optional<Step> step = std::nullopt;

  std::uint64_t replica_batch() const { return ceil_div<std::uint64_t>(batch, split.data); }
  // That a replica's sequences decode in, one behind the other through the stages.
  std::uint64_t micro_batches() const { return std::min<std::uint64_t>(split.pieces(), replica_batch()); }
  // Prompt tokens of a step that takes `budget` at most: steps flow through a pipeline one behind the other.
  std::uint64_t step_tokens(std::uint64_t budget) const;
};

// Positions that a sequence takes at its longest: of a decoder alone where an encoder reads the prompt.
std::uint64_t positions_of(const LlmSpec& llm, const Scenario& scenario);

// Throws ConfigError when the model cannot be split over the scenario's devices or asked for these lengths.
void check_scenario(const LlmSpec& llm, const Scenario& scenario);

// What is odd about it and still runs, in words: a context beyond the positions that were trained, parts of
// the model that are left out.
std::vector<std::string> scenario_warnings(const LlmSpec& llm, const Scenario& scenario);

// Whether some layers have a share of the tokens alone (LayerRun::kept_ppm).
bool leaves_tokens_out(const LlmSpec& llm);

// A step as a machine computes it that has programs for some lengths alone (ExecutionSpec::compiled_...).
Step compiled(Step step, const ExecutionSpec& execution);

// Of one device. Token-wise operators run on all tokens of the step at once, attention group by group; every
// sequence's last position goes through the LM head.
// Graphs of one stream share `names`.
OperatorGraph build_step(const LlmSpec& llm, const Step& step, const NumberFormats& formats,
                         const Parallelism& split, const ExecutionSpec& execution,
                         std::shared_ptr<TensorNames> names = std::make_shared<TensorNames>());

// Weights that one device holds of what is all in one stage, and of what carries it out.
ParameterCount device_parameters(const LlmSpec& stage, const NumberFormats& formats, const Parallelism& split,
                                 const ExecutionSpec& execution = {});

}  // namespace orrery
