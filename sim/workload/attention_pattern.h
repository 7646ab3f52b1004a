#pragma once
// Which positions of a sequence attention is asked to read, in place of what a model's file says.

#include <optional>
#include <string>
#include <vector>

#include "sim/workload/llm_spec.h"

namespace orrery {

struct AttentionPattern {
  bool as_filed = false;          // nothing is changed
  std::uint64_t window = 0;       // positions that a query sees, itself included; 0 = all before it
  std::uint64_t dilation = 1;     // of every so many positions, one
  std::uint64_t global = 0;       // first positions, that all see beside a window
  std::uint64_t positions = 0;    // that a query chooses; 0 = it does not
  std::uint64_t block = 64;       // of so many neighbours by one summary of their keys
  std::uint64_t density_ppm = 0;  // of the pairs that the rest leaves, as many are computed; 0 = all
  bool leaves_out = false;        // "tokens" is said; else a layer has what the one before it has
  // Millionths of the tokens that come so far, in the first and in the last layer; others lie evenly between
  // (of the model's, whichever the pattern is of).
  std::uint64_t first_kept_ppm = kWholeDensity, last_kept_ppm = kWholeDensity;

  friend bool operator==(const AttentionPattern& a, const AttentionPattern& b);
};

// A pattern for each layer in turn, repeated over the layers: patterns between commas, each of parts between
// '+'. full: all positions; model: as its file says; window:W; dilated:D; global:G (beside a window);
// topk:K or topk:KxB (queries that decode choose K positions in blocks of B; prompts read all); density:D (a
// share of the pairs); tokens:S or tokens:S..T (a share of a sequence's tokens goes on, the others are left
// out of this layer and of those behind it; alone, the mask is as filed). After a last word "end" the rest of
// `layers` is as the model's file says. Throws ConfigError.
std::vector<AttentionPattern> attention_patterns(const std::string& text, std::uint64_t layers = 0);
// The model's layers with these patterns; its name says so. Throws ConfigError: a pattern that blocks of the
// model cannot have, an encoder-decoder, more patterns than layers, tokens that come back, none that has
// anything to change.
void read_sparsely(LlmSpec& llm, const std::string& patterns);

}  // namespace orrery
