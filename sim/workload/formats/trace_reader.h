#pragma once
// Reads a trace (schema orrery/trace/1). Unknown keys are errors within a version, and so are unknown
// operators, kinds and formats; every finding names file, line and key.

#include <filesystem>
#include <istream>
#include <string>

#include "sim/workload/operator_stream.h"

namespace orrery {

// Throws ConfigError (at most 20 findings at once).
RecordedStream read_trace(std::istream& in, const std::string& name);
RecordedStream read_trace_file(const std::filesystem::path& path);

}  // namespace orrery
