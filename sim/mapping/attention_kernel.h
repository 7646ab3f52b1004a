#pragma once
// Attention of alike sequences as one kernel, before it is tiled: a work item walks over blocks of keys and
// values, whose scores, softmax and weighted sum are its stages.

#include "sim/config/arch_spec.h"
#include "sim/program/tile_kernel.h"
#include "sim/workload/operator.h"

namespace orrery {

// How a kernel goes about it.
struct AttentionManner {
  // A block's softmax stands between its two products (FlashAttention-2): only other items fill the gap.
  bool in_order = false;
  bool grouped = true;   // the queries that share a key/value head lie in one tile; else each head reads them
  bool narrows = false;  // queries become what a narrower cache holds; else that is widened on the way
  const ScorePredictorSpec* predictor = nullptr;  // that chooses pairs; null: all are computed
  bool row_a_lane = false;  // a lane has a row of scores, so that nothing is reduced over lanes
};

// The kernels that the machine's library has for it; all as usual without one.
AttentionKernelSpec attention_manner(const ArchSpec& arch, const Operator& op);

TileKernel untiled_attention(const Operator& op, const AttendedSequences& sequences,
                             const AttentionManner& manner);

// What predicts scores on this machine for an operator; null where nothing does.
const ScorePredictorSpec* predictor_of(const ArchSpec& arch, const Operator& op);

// Keys and values that no query of a tile keeps stay in memory, where the predictor has it so.
void fetch_kept(TileKernel& kernel);

// Few queries go where an instruction is narrow: keys, then values, are its rows.
void swap_operands(TileKernel& kernel);

}  // namespace orrery
