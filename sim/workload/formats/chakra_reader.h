#pragma once
// Reads execution traces of MLCommons Chakra (schema 0.0.4), all ranks of one: collectives, sends and
// receives, PyTorch's operators by their shapes, compute nodes by num_ops and tensor_size, and what Orrery
// wrote itself.

#include <filesystem>

#include "sim/workload/formats/graph_import.h"
#include "sim/workload/formats/import_options.h"

namespace orrery {

// Throws ConfigError: cut short, damaged, numbers that are none, cycles, ranks that miss each other.
ImportedTrace read_chakra(const std::filesystem::path& file, const ImportOptions& options);

}  // namespace orrery
