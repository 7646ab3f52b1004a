#pragma once
// Reads ONNX graphs of decoders and encoders, in which exporters left operators apart or fused them
// (com.microsoft).

#include <filesystem>

#include "sim/workload/formats/graph_import.h"
#include "sim/workload/formats/import_options.h"

namespace orrery {

// One run of the graph, node after node. Extents that the file leaves open are by their names those of
// `options`. Throws ConfigError: damaged, nodes that read what nothing before them makes (a cycle), shapes
// that do not fit.
ImportedTrace read_onnx(const std::filesystem::path& file, const ImportOptions& options);

}  // namespace orrery
