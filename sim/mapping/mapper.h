#pragma once
// Operator -> program. For each operator the mapper enumerates tile sizes, dataflows, loop orders, splits of
// k and numbers of cores that fit the machine, prices them with the timing functions the hardware itself
// obeys, and returns the best few. What does not fit is never proposed; an operator nobody can map is a
// ConfigError.

#include <string>
#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/program/program.h"
#include "sim/stats/energy_breakdown.h"
#include "sim/util/enum_names.h"
#include "sim/workload/operator.h"

namespace orrery {

struct Candidate {
  Program program;
  double estimate_s = 0;
  bool thrifty = false;     // here for its energy, nearly as fast as the first
  std::string description;  // "tile 128x256x64, split_k 1, ..."
};

// What a free choice is made by. `time`: the fastest and, within a per cent of it, the least energy.
enum class MapObjective : std::uint8_t { time, energy, edp };
template <>
struct EnumNames<MapObjective> {
  static constexpr std::array<const char*, 3> kWords = {"time", "energy", "edp"};
};
// Of the fastest: what is no slower than by this is as fast, and energy decides.
inline constexpr double kAsFast = 0.01;
// What the objective makes least, of those that are as fast (`time`) or of all.
double objective_cost(MapObjective objective, Joules energy, double seconds);

// A tiling asked for by name (kernel --tile); 0 = free.
struct TileRequest {
  std::uint64_t m = 0, n = 0, k = 0;
  bool any() const { return m != 0 || n != 0 || k != 0; }
};

// Tensors of the programs are numbered by operand: inputs first, then outputs; temporaries follow from here.
inline constexpr std::uint32_t kFirstTemporary = 64;

class Mapper {
 public:
  explicit Mapper(const ArchSpec& arch) : arch_(arch) {}

  // The best `most` candidates, best first, at least one. Throws ConfigError when none fits.
  std::vector<Candidate> map(const Operator& op, std::size_t most, const TileRequest& request = {},
                             MapObjective objective = MapObjective::time) const;

 private:
  const ArchSpec& arch_;
};

}  // namespace orrery
