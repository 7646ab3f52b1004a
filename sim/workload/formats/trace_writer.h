#pragma once
// Writes an operator stream as a trace (schema orrery/trace/1): JSON Lines, a header, then one operator a
// line.

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <ostream>

#include "sim/workload/operator_stream.h"

namespace orrery {

void write_trace(const OperatorStream& stream, std::ostream& out);

// Its lines, one by one.
nlohmann::ordered_json header_line(const OperatorStream& stream);
nlohmann::ordered_json operator_line(const Operator& op, const TensorNames& names, std::uint64_t step,
                                     std::uint32_t lane, const StreamInfo& info);

// To a file, which appears whole or not at all. Throws ConfigError when it cannot be written.
void write_trace_file(const OperatorStream& stream, const std::filesystem::path& path);

}  // namespace orrery
