#include "sim/workload/pipeline.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/util/errors.h"

namespace orrery {
namespace {

std::vector<LayerRun> layers_between(const std::vector<LayerRun>& runs, std::uint64_t first,
                                     std::uint64_t last) {
  std::vector<LayerRun> kept;
  std::uint64_t at = 0;
  for (const LayerRun& run : runs) {
    const std::uint64_t from = std::max(first, at);
    const std::uint64_t to = std::min(last, at + run.times);
    at += run.times;
    if (from >= to) continue;
    kept.push_back(run);
    kept.back().times = to - from;
  }
  return kept;
}

}  // namespace

std::uint64_t layers_of_stage(std::uint64_t layers, std::uint32_t stage, std::uint32_t stages) {
  const std::uint64_t left_over = layers % stages;
  const bool one_more = stage + 1 < stages && stages - 1 - stage <= left_over;
  return layers / stages + (one_more ? 1 : 0);
}

std::vector<LlmSpec> pipeline_stages(const LlmSpec& llm, std::uint32_t stages) {
  if (stages == 1) return {llm};
  if (llm.encoder)
    throw ConfigError(
        "", llm.name + " has an encoder beside its decoder: a pipeline of both is not modelled (--pp 1)");
  if (stages > llm.layer_count())
    throw ConfigError("", fmt::format("--pp {}: {} has {} layers, and a stage has at least one", stages,
                                      llm.name, llm.layer_count()));
  std::vector<LlmSpec> all;
  std::uint64_t first = 0;
  for (std::uint32_t s = 0; s < stages; ++s) {
    const std::uint64_t last = first + layers_of_stage(llm.layer_count(), s, stages);
    LlmSpec& stage = all.emplace_back(llm);
    stage.layers = layers_between(llm.layers, first, last);
    if (s > 0) stage.front = ReceivedRows{};
    if (s + 1 < stages) stage.head = SentRows{};
    first = last;
  }
  return all;
}

}  // namespace orrery
