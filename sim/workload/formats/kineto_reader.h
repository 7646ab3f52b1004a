#pragma once
// Reads profiles of PyTorch (torch.profiler's JSON, as Kineto writes it), recorded with shapes: operators in
// the order in which the host issued them, collectives by what c10d says of them.

#include <filesystem>

#include "sim/workload/formats/graph_import.h"
#include "sim/workload/formats/import_options.h"

namespace orrery {

// Throws ConfigError: no JSON, cut short, events without what they need, shapes that do not multiply.
ImportedTrace read_kineto(const std::filesystem::path& file, const ImportOptions& options);

}  // namespace orrery
