#pragma once
// A sweep's file as it says things (schema orrery/sweep/1).

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/config/open_document.h"
#include "sim/study/sweep_spec.h"

namespace orrery {

// What is run.
struct ScenarioKeys {
  std::optional<std::uint64_t> batch, input, output;
  std::optional<std::string> dtype, weights, activations, kv, sparsity, attention;
  std::optional<std::uint32_t> devices, tp, pp, ep, dp, cp, micro_batches;
  std::string expert_load, step;
  std::optional<std::uint64_t> layers;
};
template <>
const Table& table_of<ScenarioKeys>();

enum class RangeScale : std::uint8_t { linear, log, powers_of_two };
template <>
struct EnumNames<RangeScale> {
  static constexpr std::array<const char*, 3> kWords = {"linear", "log", "powers_of_two"};
};

struct RangeKeys {
  double from = 0, to = 0;
  std::optional<std::int64_t> steps;
  std::optional<double> step;
  RangeScale scale = RangeScale::linear;
};
template <>
const Table& table_of<RangeKeys>();

struct KeyValues {
  std::string key;
  std::optional<std::vector<nlohmann::json>> values;
  std::optional<RangeKeys> range;
};
template <>
const Table& table_of<KeyValues>();

struct AxisKeys : KeyValues {
  std::vector<KeyValues> zip;
  std::string when;
};
template <>
const Table& table_of<AxisKeys>();

struct DerivedKeys {
  std::string key;
  nlohmann::json value;
};
template <>
const Table& table_of<DerivedKeys>();

struct ConstraintKeys {
  std::vector<std::string> inputs, outputs;
};
template <>
const Table& table_of<ConstraintKeys>();

struct SweepKeys {
  std::string name, title, question;
  nlohmann::json of;
  std::vector<AxisKeys> axes;
  std::vector<DerivedKeys> derived;
  ConstraintKeys constraints;
  std::vector<std::map<std::string, std::string>> objectives;
  SearchSpec search;
  Fidelity fidelity = Fidelity::tile;
};
template <>
const Table& table_of<SearchSpec>();
template <>
const Table& table_of<SweepKeys>();

inline constexpr DocumentKind kSweep = {"orrery/sweep/1", "sweep", "sweeps", &table_of<SweepKeys>};

}  // namespace orrery
