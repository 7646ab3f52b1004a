#pragma once
// Options of commands that read traces: what a file of another tool leaves open, and what was made of it.

#include "sim/workload/formats/trace_format.h"
#include "tools/orrery/options.h"

namespace orrery {

// --devices, --dtype and extents; and the one of these that commands with a scenario lack.
po::options_description import_options();
po::options_description past_option();
// Of the options above, as far as they are given. `unstated`: the format of files that state none.
ImportOptions import_options_from(const po::variables_map& values, DType unstated = DType::fp16);

// Reads what `--trace` or FILE names; what became of another tool's file is said on stderr.
ImportedTrace read_told(const std::string& file, const ImportOptions& options);

}  // namespace orrery
