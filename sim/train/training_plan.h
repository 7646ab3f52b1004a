#pragma once
// What is asked of a training iteration: how large it is, how it is divided, what is kept and what is
// computed again.

#include <cstdint>

#include "sim/util/enum_names.h"
#include "sim/workload/transformer_graph.h"

namespace orrery {

// What the backward pass computes again: nothing; attention's scores and what follows from them (Korthikanti
// et al., arXiv 2205.05198); whole layers from what each takes.
enum class Recompute : std::uint8_t { none, selective, full };
template <>
struct EnumNames<Recompute> {
  static constexpr std::array<const char*, 3> kWords = {"none", "selective", "full"};
};

struct TrainingPlan {
  std::uint64_t batch = 1;        // sequences of an iteration, of all replicas
  std::uint64_t micro_batch = 1;  // sequences that go through a replica at once
  std::uint64_t sequence = 2048;  // tokens of each
  std::uint32_t chunks = 1;       // of layers on a device; several are interleaved
  Recompute recompute = Recompute::full;
  // Replicas share the optimizer's state (1), gradients too (2), and weights (3) (Rajbhandari et al., SC'20).
  std::uint32_t zero = 0;
  bool overlaps = true;  // gradients are exchanged while the backward pass goes on
  NumberFormats formats = formats_of(DType::bf16);
  StoredFormat gradients = stored_as(DType::fp32);
  Parallelism split;

  std::uint64_t micro_batches() const { return batch / (micro_batch * split.data); }
  std::uint64_t tokens() const { return batch * sequence; }
  Step step() const { return {{{Phase::training, micro_batch, sequence, sequence}}}; }
};

// Throws ConfigError: a batch that replicas and micro-batches do not divide, more chunks than layers, a model
// that is not trained so.
void check_plan(const LlmSpec& llm, const TrainingPlan& plan);

}  // namespace orrery
