#pragma once
// Storage behind DRAM (flash), and what of a model lies there instead of in memory.

#include <cstdint>
#include <string>

#include "sim/describe/fields.h"

namespace orrery {

struct StorageSpec {
  double read_bytes_per_s = 0;       // of long reads
  double reads_per_s = 0;            // of short ones, as many in flight as it takes
  double latency_us = 0;             // of a read alone
  std::uint64_t capacity_bytes = 0;  //
  double read_pj_per_bit = 0;        // the device and its interface
};
template <>
const Table& table_of<StorageSpec>();

// What a feed-forward block computes of its neurons: those that a product of low rank says are not zero
// (Liu et al., Deja Vu, ICML 2023), or a path through a tree of them (Belcak and Wattenhofer, arXiv
// 2311.10770).
struct ConditionalSpec {
  double kept_share = 1;             // of the neurons that a token needs
  std::uint32_t predictor_rank = 0;  // of the product that says so; 0: known without one
  std::uint32_t path = 0;            // neurons of a token's way through the tree; 0: no tree
  std::string quality;               // what it costs, as it was published
};
template <>
const Table& table_of<ConditionalSpec>();

// Weights that a step reads from storage.
struct StoredWeightsSpec {
  double resident_share = 0;  // of all weights, that memory holds
  // Of a feed-forward block's neurons, those that a token brings which were not there since the tokens before
  // (Alizadeh et al., LLM in a flash, arXiv 2312.11514); the rest of the model is in memory. 0: what is not
  // in memory is read whole.
  double loaded_share = 0;
  bool bundled = false;  // a neuron's row of the first product and column of the second lie together
};
template <>
const Table& table_of<StoredWeightsSpec>();

}  // namespace orrery
