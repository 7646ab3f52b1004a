#pragma once
// Writes an operator stream as an execution trace of MLCommons Chakra (schema 0.0.4): NAME.R.et for each
// device, and NAME.comm_group.json where collectives are of groups. Steps follow each other by control
// dependences.

#include <filesystem>

#include "sim/workload/operator_stream.h"

namespace orrery {

// Throws ConfigError when it cannot be written.
void write_chakra(const OperatorStream& stream, const std::filesystem::path& file);

}  // namespace orrery
