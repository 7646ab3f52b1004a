#pragma once
// Topologies of SCALE-Sim: CSV tables of convolutions (which become products, as that simulator runs them) or
// of products, layer after layer.

#include <filesystem>

#include "sim/workload/formats/graph_import.h"
#include "sim/workload/formats/import_options.h"

namespace orrery {

// Throws ConfigError with the line: numbers that are none, filters larger than their input, columns of
// another table.
ImportedTrace read_scale_sim(const std::filesystem::path& file, const ImportOptions& options);

}  // namespace orrery
