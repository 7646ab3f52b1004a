#pragma once
// NSGA-II (Deb et al., IEEE TEC 2002) of pagmo2 behind a door of its own: a library that is loaded when a
// sweep searches, since loading pagmo costs every command several milliseconds.

#include <cstdint>
#include <vector>

namespace orrery {

// What is searched: vectors of whole numbers, each below its extent, to several figures, less is better.
class Nsga2Problem {
 public:
  virtual ~Nsga2Problem() = default;
  virtual std::vector<std::uint32_t> extents() const = 0;
  virtual std::size_t objectives() const = 0;  // at least two
  // Figures of many vectors, both end to end.
  virtual std::vector<double> figures(const std::vector<double>& vectors) = 0;
  virtual std::uint64_t met() const = 0;  // different ones so far
  virtual bool stopped() const = 0;
};

struct Nsga2Settings {
  std::uint64_t population = 0;  // a multiple of four
  std::uint64_t points = 0;      // different ones to meet at most
  unsigned seed = 0;
};

using Nsga2Search = void(Nsga2Problem&, const Nsga2Settings&);

}  // namespace orrery

// Nsga2Search; lets through what the problem throws.
extern "C" void orrery_nsga2_search(orrery::Nsga2Problem& problem, const orrery::Nsga2Settings& settings);
