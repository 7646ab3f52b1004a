#pragma once
// What a score predictor leaves of attention, and how long it takes to say so.

#include "sim/config/score_predictor_spec.h"
#include "sim/util/amount.h"

namespace orrery {

// Cycles of a core's predictor for all pairs of so many queries and keys; of a memory that is searched by
// content, as often as it is filled with keys.
PartCycles predictor_cycles(const ScorePredictorSpec& spec, std::uint64_t queries, std::uint64_t keys);

// Of `keys` keys, as many as the engine spends its time on for each query: what the fullest of the queries in
// step is expected to keep (binomial: k d + sqrt(2 k d (1 - d) ln queries)), over the share of its places
// that packing fills; at most all.
// Of `queries` queries no more can be in step.
std::uint64_t computed_keys(const ScorePredictorSpec& spec, std::uint64_t keys, std::uint64_t queries);

// Share of the keys that at least one of `queries` queries keeps, each choosing for itself: 1 - (1 -
// d)^queries.
double kept_by_any(const ScorePredictorSpec& spec, std::uint64_t queries);

// Of MACs over all pairs, those of the kept ones.
std::uint64_t kept_macs(const ScorePredictorSpec& spec, std::uint64_t all);

}  // namespace orrery
