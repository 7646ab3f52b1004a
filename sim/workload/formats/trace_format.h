#pragma once
// The formats of operator streams, ours and others': the list that commands go by.

#include <filesystem>
#include <string>
#include <vector>

#include "sim/workload/formats/graph_import.h"
#include "sim/workload/formats/import_options.h"

namespace orrery {

struct TraceFormat {
  const char* name;       // "chakra"
  const char* what;       // as foreign_format calls it; "" for Orrery's own
  const char* extension;  // of the files that are written, ".et"
  ImportedTrace (*read)(const std::filesystem::path& file, const ImportOptions& options);
  void (*write)(const OperatorStream& stream, const std::filesystem::path& file);  // none: it is only read
};

const std::vector<TraceFormat>& trace_formats();

// A file of any of them, by what it holds. Throws ConfigError, which says what another file is.
ImportedTrace read_any_trace(const std::filesystem::path& file, const ImportOptions& options);

// By the extension of `file`. Throws ConfigError with those that are written.
void write_any_trace(const OperatorStream& stream, const std::filesystem::path& file);

// Throws ConfigError where operators of a trace were refused, or it leaves open how many devices its
// collectives join.
void expect_whole(const ImportedTrace& trace, const std::string& file);

}  // namespace orrery
