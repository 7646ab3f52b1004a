#pragma once
// Which experts tokens choose, and what that leaves for the busiest of the devices that share them.

#include <cstdint>
#include <string>
#include <vector>

namespace orrery {

struct ExpertLoad {
  // uniform: all alike. zipf: the r-th most wanted expert in proportion to r^-exponent. power_law: loads
  // whose density falls with load^-exponent. counts: as observed, an expert each.
  enum class Kind : std::uint8_t { uniform, zipf, power_law, counts };
  Kind kind = Kind::uniform;
  double exponent = 0;
  std::vector<double> counts = {};
  std::string name = "uniform";  // as it was asked for

  // Probability of each of `experts` that a token takes it, `taken` of them in all; in the order in which
  // devices hold them. Laws deal their experts out by a fixed shuffle, so that no device holds all that are
  // wanted. Throws ConfigError: counts of another number of experts.
  std::vector<double> probabilities(std::uint64_t experts, std::uint64_t taken) const;
};

// "uniform", "zipf:1.2", "power:2.5" or a file of counts (numbers between spaces, commas or lines). Throws
// ConfigError.
ExpertLoad expert_load_named(const std::string& text);

// Of one device of `devices` that share the experts evenly.
struct ExpertShare {
  double rows = 0;      // token copies that its experts get
  double active = 0;    // of its experts, that get any
  double received = 0;  // tokens that have an expert there
};
// The busiest device's of `tokens` tokens. Choices of a token are taken as independent.
ExpertShare busiest_share(const std::vector<double>& probabilities, std::uint64_t tokens,
                          std::uint32_t devices);

}  // namespace orrery
