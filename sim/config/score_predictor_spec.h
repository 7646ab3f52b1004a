#pragma once
// A unit beside a core's matrix engine that estimates the scores of attention, ahead of it, and so chooses
// the pairs of a query and a key that the engine computes (dynamic sparse attention).

#include <cstdint>
#include <string>

namespace orrery {

struct ScorePredictorSpec {
  double kept_share = 1;       // of the pairs that masks leave, in the mean
  double pairs_per_cycle = 0;  // estimated, a core
  // A memory that is searched by content in place of estimates pair by pair: keys are written to its rows,
  // each query is held against all of them at once.
  std::uint32_t searched_keys = 0;  // that it holds, a core; 0 = there is none
  double search_cycles = 0;         // a query, of one filling
  double write_cycles = 0;          // a key
  double pair_pj = 0;               // an estimate and what it reads
  std::uint32_t read_bits = 0;      // of a key's element that it has to fetch, beside the kept ones
  std::uint32_t queries_in_step =
      1;                      // that the engine works on side by side: the fullest holds the others up
  double filled_share = 1;    // of the engine's places, where kept pairs are packed into them
  bool fetches_kept = false;  // keys and values that no query of a tile keeps stay in memory
  std::string quality;        // what it costs in quality, as it was published
};

}  // namespace orrery
