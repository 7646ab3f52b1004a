#pragma once
// Why two points of a sweep differ: which of their inputs do, and how much of the change in each figure is
// each input's.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/describe/fields.h"
#include "sim/study/result_store.h"

namespace orrery {

struct InputChange {
  std::string input;    // key, with dots
  nlohmann::json a, b;  // its values; of a whole document its name
};
struct InputShare {
  std::string input;
  double change = 0;  // in the figure's unit
};
struct ExplainedFigure {
  std::string figure;
  double a = 0, b = 0;
  std::vector<InputShare> shares;  // add up to b - a
};
struct SweepDifference {
  std::uint64_t a = 0, b = 0;  // numbers of the points
  std::vector<InputChange> inputs;
  std::vector<ExplainedFigure> figures;
};

template <>
const Table& table_of<InputChange>();
template <>
const Table& table_of<InputShare>();
template <>
const Table& table_of<ExplainedFigure>();
template <>
const Table& table_of<SweepDifference>();

// Two points by their numbers or the beginnings of their addresses. Simulates every mixture of their inputs,
// `jobs` at a time. Throws ConfigError: a point that is not there or not done, no input that differs, more
// than 8 (2^8 simulations).
SweepDifference explain_difference(ResultStore& store, const StoredSweep& sweep, const std::string& a,
                                   const std::string& b, std::size_t jobs);

}  // namespace orrery
