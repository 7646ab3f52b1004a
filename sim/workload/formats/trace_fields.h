#pragma once
// What the lines of a trace hold (schema orrery/trace/1): a header, then an operator each. trace_reader reads
// them, and says more of what is wrong.

#include "sim/describe/shape.h"

namespace orrery {

inline constexpr const char* kTraceSchema = "orrery/trace/1";

const Table& trace_header_table();
const Table& trace_operator_table();

}  // namespace orrery
