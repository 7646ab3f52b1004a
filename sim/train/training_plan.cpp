#include "sim/train/training_plan.h"

#include <fmt/format.h>

#include "sim/util/errors.h"

namespace orrery {

void check_plan(const LlmSpec& llm, const TrainingPlan& plan) {
  std::vector<Diagnostic> errors;
  const auto add = [&errors](const std::string& message) { errors.push_back({"", message}); };
  const Parallelism& split = plan.split;
  if (llm.encoder_only && !std::holds_alternative<MaskedHead>(llm.head))
    add(llm.name + " has no loss to train with: a masked language model's head is missing");
  const std::uint64_t at_once = plan.micro_batch * split.data;
  if (plan.batch == 0 || plan.batch % at_once != 0)
    add(fmt::format("--batch {} is no multiple of --micro-batch {} x --dp {}", plan.batch, plan.micro_batch,
                    split.data));
  const std::uint64_t chunks = std::uint64_t{split.pipeline} * plan.chunks;
  if (chunks > llm.layer_count())
    add(fmt::format("--pp {} x --interleave {} are {} chunks; {} has {} layers", split.pipeline, plan.chunks,
                    chunks, llm.name, llm.layer_count()));
  if (plan.chunks > 1 && split.pipeline == 1) add("--interleave is of a pipeline: give --pp");
  if (errors.empty() && plan.chunks > 1 && plan.micro_batches() % split.pipeline != 0)
    add(fmt::format("--interleave {}: {} micro-batches are no multiple of --pp {}", plan.chunks,
                    plan.micro_batches(), split.pipeline));
  if (plan.zero >= 2 && split.pipeline > 1)
    add(fmt::format(
        "--zero {} with --pp {}: gradients of several micro-batches lie on each stage until the last; "
        "--zero 1 goes with a pipeline",
        plan.zero, split.pipeline));
  if (llm.learned_positions > 0 && plan.sequence > llm.max_positions)
    add(fmt::format("{} has {} learned positions; --sequence is {}", llm.name, llm.learned_positions,
                    plan.sequence));
  if (!errors.empty()) throw ConfigError(errors);
  Scenario scenario;
  scenario.batch = plan.batch;
  scenario.input = plan.sequence;
  scenario.output = 1;
  scenario.split = split;
  check_scenario(llm, scenario);
}

}  // namespace orrery
