#pragma once
// What stands behind the layers.

#include <variant>

#include "sim/workload/blocks/layer.h"
#include "sim/workload/blocks/stage_ends.h"

namespace orrery {

// The last norm, and logits over the vocabulary for the last position of each sequence.
struct LanguageHead {
  std::uint64_t vocab = 0;
  bool tied = false;  // to the embedding
  bool bias = false;
  bool normed = true;
  std::uint64_t width = 0;  // of the embedding that it is tied to

  void write(GraphBuilder& builder, const ResidualStream& in) const;
};

// A product, its activation and norm, and logits over the vocabulary at every position (masked language
// models); the weight is the embedding's.
struct MaskedHead {
  std::uint64_t vocab = 0;
  std::uint64_t width = 0;  // of the embedding, where it is narrower; 0 = as wide

  void write(GraphBuilder& builder, const ResidualStream& in) const;
};

// The last norm, and scores of some labels for the last position of each sequence (reward models); without
// labels the norm alone (embedding models).
struct ScoreHead {
  std::uint64_t labels = 0;

  void write(GraphBuilder& builder, const ResidualStream& in) const;
};

// An encoder keeps all positions; of each sequence's first it may make one more product.
struct Pooler {
  bool dense = false;
  bool normed = false;  // before it

  void write(GraphBuilder& builder, const ResidualStream& in) const;
};

using HeadBlock = std::variant<LanguageHead, MaskedHead, ScoreHead, Pooler, SentRows>;

}  // namespace orrery
