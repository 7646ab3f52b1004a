#pragma once
// How far simulations were from measurements (arch_configs/accuracy.yaml, schema orrery/accuracy/1, written
// by tools/accuracy). Errors are fractions of what was measured.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/config/open_document.h"

namespace orrery {

struct MeasuredRange {
  std::uint64_t least = 0, most = 0;
  bool holds(double x) const { return x >= static_cast<double>(least) && x <= static_cast<double>(most); }
};

struct MeasuredError {
  std::uint64_t rows = 0;
  double bias = 0, mean = 0, p90 = 0;
  std::vector<double> spread = {};  // absolute errors: quantiles in the middles of as many equal parts
};

struct KernelAccuracy {
  std::string arch, op, dtype;
  MeasuredError error;
  MeasuredRange us;
};

struct RunAccuracy {
  std::string arch, runtime;
  MeasuredError error;
  MeasuredRange batch, input, output, devices;
  std::vector<std::string> dtypes, models;  // models by their own names (orrery list models)
};

// Of served requests: their times to the last token.
struct ServingAccuracy {
  std::string arch, runtime;
  MeasuredError error;
  std::vector<std::string> models;
};

struct PowerAccuracy {
  std::string arch, what;  // kernel or run
  MeasuredError error;
};

// Whose kernels a machine runs; empty where it maps freely.
struct KernelOrigin {
  std::string library, vendor;
};

struct AccuracyTable {
  std::vector<KernelAccuracy> kernels;
  std::vector<RunAccuracy> runs;
  std::vector<ServingAccuracy> serving;
  std::vector<PowerAccuracy> power;

  // Of a machine above; its file is read when it is first asked for. Throws ConfigError.
  const KernelOrigin& origin(const std::string& arch) const;
  // Of all of them, by machine: asked for before processes fork, each has them.
  const std::map<std::string, KernelOrigin>& origins() const;

 private:
  mutable std::map<std::string, KernelOrigin> origins_;
};

template <>
const Table& table_of<KernelAccuracy>();
template <>
const Table& table_of<RunAccuracy>();
template <>
const Table& table_of<ServingAccuracy>();
template <>
const Table& table_of<PowerAccuracy>();
template <>
const Table& table_of<AccuracyTable>();

inline constexpr DocumentKind kAccuracy = {"orrery/accuracy/1", "table of accuracy", "",
                                           &table_of<AccuracyTable>};

// Empty when the data folder has none.
AccuracyTable load_accuracy();

}  // namespace orrery
