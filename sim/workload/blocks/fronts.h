#pragma once
// What stands before the layers: a table that tokens choose rows of, or what takes its place.

#include <variant>
#include <vector>

#include "sim/workload/blocks/layer.h"
#include "sim/workload/blocks/stage_ends.h"

namespace orrery {

struct EmbeddingBlock {
  std::uint64_t vocab = 0;
  std::uint64_t positions = 0;    // rows of a table of learned ones
  std::uint64_t token_types = 0;  // rows of another table (bert)
  bool normed = false;            // behind the product, if there is one ...
  std::uint64_t width = 0;        // of the table, widened to a token's row by a product; 0 = as wide
  bool normed_narrow = false;     // ... or before it, which then has a bias (albert)

  ResidualStream write(GraphBuilder& builder) const;
};

// Features (patches of an image, frames of a sound) go through products: each takes `inner` numbers to
// `outer`, with a bias, `rows` times for each row of the layers.
struct FeatureProduct {
  std::uint64_t inner = 0, outer = 0, rows = 1;
  bool active = false;  // gelu behind it
};
struct FeatureBlock {
  std::vector<FeatureProduct> products;
  std::uint64_t positions = 0;  // rows of a table that is added
  std::uint64_t extra = 0;      // learned numbers beside (the row that stands for a class)

  ResidualStream write(GraphBuilder& builder) const;
};

// Of a draft model (EAGLE-3, arXiv 2503.01840): the target's table, and a product that takes so many of the
// target's states to one row.
struct DraftFront {
  std::uint64_t vocab = 0;
  std::uint64_t states = 3;

  ResidualStream write(GraphBuilder& builder) const;
};

using FrontBlock = std::variant<EmbeddingBlock, FeatureBlock, DraftFront, ReceivedRows>;

}  // namespace orrery
