#pragma once
// A line of a trace (schema orrery/trace/1) as JSON: its header, and an operator.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sim/workload/operator_stream.h"

namespace orrery {

inline constexpr std::uint64_t kMostTraceGraphs = 1U << 22;  // of a phase

// A line's finding; caught and collected by who reads the file.
struct LineError {
  std::string message;
};

struct TraceHeader {
  StreamInfo info;
  std::uint64_t operators = 0;
};
// Throws LineError.
TraceHeader read_header(const nlohmann::json& line);

// The extents of a shape, by their names. Throws LineError.
OperatorShape read_shape(OperatorKind kind, const nlohmann::json& extents);

struct TraceOperator {
  Operator op;
  std::uint64_t step = 0;
  std::uint64_t lane = 0;  // its stage or its rank
};
// Its tensors' names go into `names`. Throws LineError.
TraceOperator read_operator(const nlohmann::json& line, TensorNames& names);

}  // namespace orrery
