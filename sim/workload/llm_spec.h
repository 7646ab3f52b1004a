#pragma once
// A transformer language model: the blocks that it is made of. Only dimensions; no weights.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/config/config_document.h"
#include "sim/workload/blocks/ends.h"
#include "sim/workload/blocks/fronts.h"

namespace orrery {

// What reads the prompt for a decoder that attends across to it.
struct SourceEncoder {
  FrontBlock front;
  std::vector<LayerRun> layers;
  std::uint64_t positions = 0;  // that a prompt has at most; 0 = any
};

struct LlmSpec {
  std::string name;
  std::uint64_t hidden = 0;
  std::uint64_t max_positions = 0;  // that were trained; 0 = not said
  NormKind norm = NormKind::rmsnorm;
  Dropout dropout;            // of training, as its file says
  bool encoder_only = false;  // no cache, no decode steps
  std::uint64_t vocab = 0;
  std::uint64_t learned_positions = 0;  // rows of a table; 0 = none
  FrontBlock front;
  std::vector<LayerRun> layers;
  HeadBlock head;
  std::optional<SourceEncoder> encoder;
  std::optional<Quantization> quantization;  // as its file says
  std::vector<std::string> omitted;          // keys of parts that are not modelled: towers, prediction layers

  std::uint64_t layer_count() const;
  void keep_layers(std::uint64_t count);  // the first ones

  // All layers in the order in which graphs number them: those of the encoder first.
  std::vector<const LayerRun*> runs() const;

  // Calls visit(block, layers that have it) for each mixer block, of the encoder's too.
  template <class Visit>
  void for_each_mixer(Visit visit) const {
    for (const LayerRun* of : runs()) {
      const LayerRun& run = *of;
      for (const LayerBlock& block : run.blocks) {
        std::visit(
            [&](const auto& b) {
              b.for_each_mixer([&](const MixerBlock& mixer) {
                std::visit([&](const auto& m) { visit(m, run.times); }, mixer);
              });
            },
            block);
      }
    }
  }
  // The first attention block; null where there is none.
  const AttentionBlock* attention() const;
};

// Exact numbers of weights, embeddings included: the sum of those that the model's graph holds.
struct ParameterCount {
  std::uint64_t total = 0;
  std::uint64_t active = 0;  // that a token goes through: all but the experts it does not take
  std::uint64_t bytes = 0;   // as they are stored
};
// Throws ConfigError where there are more than 2^64.
ParameterCount count_parameters(const LlmSpec& llm, const NumberFormats& formats = formats_of(DType::fp16));

// From a Hugging Face config.json. Throws ConfigError: unreadable, a missing or impossible dimension, an
// unknown model_type.
LlmSpec load_llm(const std::filesystem::path& path);
// Its document; what a hf_quant_config.json beside it says stands under quantization_config.
ConfigDocument load_llm_document(const std::filesystem::path& path);
LlmSpec build_llm(const ConfigDocument& document);

// By the NAME of the command line: a path or a name of traces/llms (case ignored).
LlmSpec load_llm_named(const std::string& name);

}  // namespace orrery
