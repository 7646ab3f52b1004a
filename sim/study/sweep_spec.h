#pragma once
// A sweep: machines, models and scenarios, axes over any of their keys, what follows from them, what must
// hold, what is wanted, and how to search (schema orrery/sweep/1, arch_configs/sweeps).

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/engine/operator_runner.h"
#include "sim/study/expression.h"
#include "sim/util/enum_names.h"

namespace orrery {

// A key and the values it takes; keys of one axis change together.
struct AxisKey {
  std::string key;
  std::vector<nlohmann::json> values;
};
struct SweepAxis {
  std::vector<AxisKey> keys;       // of equal length
  std::optional<Expression> when;  // where it does not hold, the keys stay as they are
  std::size_t size() const { return keys.front().values.size(); }
};

struct DerivedKey {
  std::string key;
  Expression value;
};

// A result's figure, by its name in sim/study/metrics.
struct Objective {
  std::string metric;
  bool maximise = false;
};

enum class SearchMethod : std::uint8_t { grid, random, latin_hypercube, nsga2 };
template <>
struct EnumNames<SearchMethod> {
  static constexpr std::array<const char*, 4> kWords = {"grid", "random", "latin_hypercube", "nsga2"};
};

constexpr std::uint64_t kMostPoints = 5'000'000;  // planned at once
constexpr std::uint64_t kLeastPopulation = 8;     // of nsga2, whose parents go by four

struct SearchSpec {
  SearchMethod method = SearchMethod::grid;
  std::uint64_t points = 0;  // of random, latin_hypercube and nsga2
  std::uint64_t seed = 1;
  std::uint64_t population = 0;  // of nsga2, a multiple of 4; 0 = chosen from the points
  double prune_keep = 1;         // share of the points that `roofline` leaves to the sweep's fidelity
};

struct SweepSpec {
  std::string name, title, question, file;
  std::vector<nlohmann::json> bases;  // whole configurations
  std::vector<SweepAxis> axes;
  std::vector<DerivedKey> derived;
  std::vector<Expression> input_constraints, output_constraints;
  std::vector<Objective> objectives;
  SearchSpec search;
  Fidelity fidelity = Fidelity::tile;

  std::uint64_t grid_size() const;  // conditions not counted
  // Of a key's axis, to find a key by that no file gives; null where none sets it.
  nlohmann::json first_value(const std::string& key) const;
  // What the sweep is, so that one that was changed is another.
  std::string id() const;
};

// `overrides`: "key=value" for every point, before the axes. Throws ConfigError with file:line: schema, an
// axis that names no key (nearest given), an empty range, values a key refuses, keys of a zip that differ in
// length, an expression that cannot be read or names nothing, an unknown objective.
SweepSpec load_sweep(const std::string& name, const std::vector<std::string>& overrides = {});
std::vector<std::string> sweep_names();

}  // namespace orrery
