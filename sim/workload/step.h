#pragma once
// What an engine runs at once: groups of sequences, each with so many new tokens beyond what is cached.
// Prompts, pieces of prompts and decoding sequences may share a step; several new tokens of a decoding one
// are verified.

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "sim/workload/operator.h"

namespace orrery {

struct SequenceGroup {
  Phase phase = Phase::prefill;
  std::uint64_t sequences = 1;
  std::uint64_t new_tokens = 1;  // of each sequence
  std::uint64_t context = 1;     // tokens of each that attention reads, the new ones included
  std::uint64_t source = 0;      // positions of an encoder that attention across reads

  friend bool operator<(const SequenceGroup& a, const SequenceGroup& b) {
    return std::tie(a.phase, a.sequences, a.new_tokens, a.context, a.source) <
           std::tie(b.phase, b.sequences, b.new_tokens, b.context, b.source);
  }
};

struct Step {
  std::vector<SequenceGroup> groups;  // at least one

  std::uint64_t sequences() const;
  std::uint64_t tokens() const;  // new ones
  Phase phase() const;           // prefill if any of it is
  // Positions whose next token is asked for: a prompt's last, all that decode at once, all of a training
  // step.
  std::uint64_t scored() const;
  friend bool operator<(const Step& a, const Step& b) { return a.groups < b.groups; }
};

// "prefill:2x512@1024,decode:64@4096,verify:8x5@4096": groups of sequences (2), new tokens of each (512; a
// decoding sequence has one), and its context, the new ones included (as many where it is not said). Throws
// ConfigError.
Step step_named(const std::string& text);

// Steps that are alike.
struct StepRun {
  Step step;
  std::uint64_t times = 1;
};

// The prompts of `batch` sequences of `input` tokens, in order, at most `budget` tokens a step: a step takes
// whole prompts and pieces of the first and the last; with `whole` (attention in both directions) whole
// prompts only, and at least one. Steps that are alike are one entry, in the order of their first. Throws
// ConfigError where more than a million differ.
std::vector<StepRun> prefill_steps(std::uint64_t batch, std::uint64_t input, std::uint64_t budget,
                                   bool whole);

}  // namespace orrery
