#pragma once
// What a cost study tells (kind `cost` of orrery/result/1).

#include <string>
#include <vector>

#include "sim/estimate/ownership.h"
#include "sim/estimate/uncertainty.h"
#include "sim/report/serving_fields.h"

namespace orrery {

// What a fleet comes to, and how one comes by it.
struct OwnedFleet : OwnershipCost {
  Acquisition acquisition = Acquisition::buy;
};

// Of a point of a sweep over a cost scenario.
struct PointFleet : OwnedFleet {
  int keeps_target = 0;  // 1 or 0
};

struct PathStage {
  std::string stage;
  std::uint64_t chips = 0;
  double output_tokens_per_s = 0, kw = 0, usd = 0;
};

struct OptionStudy {
  std::string name, arch, runtime, weights, kv;
  std::uint32_t devices = 1;
  bool meets_target = false;
  ServedOption served;
  OwnedFleet fleet;
  Spread drawn;                 // of USD a million output tokens
  std::optional<double> yield;  // of a made chip's die
  std::vector<TornadoBar> tornado;
  std::vector<PathStage> path;
  std::string binding;  // what limits what it serves, in words
  ExpectedError expected;
  ServingResult serving;  // at the highest rate that keeps the target
};

struct Beats {
  std::string a, b;
  double share = 0;  // of draws in which a is cheaper than b
};

struct Crossover {
  std::string a, b, variable;
  double from = 0, to = 0;
  std::optional<double> at;
};

// Of an option that is owned against one that is rented.
struct BreakEven {
  std::string owned, rented;
  std::optional<double> months;  // none: never
};

struct RateOption {
  std::string name;
  std::optional<double> sequences, usd_per_m_tokens;  // none where the rate is not kept
};

struct RateStudy {
  double tokens_per_s_a_user = 0;
  std::optional<std::string> cheapest;
  std::vector<RateOption> options;
};

struct StalePrice {
  std::string price, date, source;
};

struct CostStudy {
  std::string title, question, model;
  std::uint64_t input = 0, output = 0;
  double peak_tokens_per_s = 0, mean_load = 0;
  std::uint64_t draws = 0, seed = 0;
  std::vector<OptionStudy> options;
  std::vector<Beats> beats;
  std::vector<Crossover> crossovers;
  std::vector<BreakEven> break_evens;
  std::vector<RateStudy> user_rates;
  std::optional<std::string> as_of;
  std::vector<StalePrice> stale_prices;
};

template <>
const Table& table_of<OwnedFleet>();
template <>
const Table& table_of<PointFleet>();
template <>
const Table& table_of<ServedOption>();
template <>
const Table& table_of<Spread>();
template <>
const Table& table_of<TornadoBar>();
template <>
const Table& table_of<PathStage>();
template <>
const Table& table_of<OptionStudy>();
template <>
const Table& table_of<Beats>();
template <>
const Table& table_of<Crossover>();
template <>
const Table& table_of<BreakEven>();
template <>
const Table& table_of<RateOption>();
template <>
const Table& table_of<RateStudy>();
template <>
const Table& table_of<StalePrice>();
template <>
const Table& table_of<CostStudy>();

}  // namespace orrery
