#pragma once
// The formats of operator streams, ours and others': the list that commands go by.

#include <filesystem>
#include <string>
#include <vector>

#include "sim/workload/formats/graph_import.h"
#include "sim/workload/formats/import_options.h"
#include "sim/workload/formats/stored_weights.h"

namespace orrery {

struct TraceFormat {
  const char* name;       // "chakra"
  const char* what;       // as foreign_format calls it; "" for Orrery's own
  const char* extension;  // of the files that are written, ".et"
  ImportedTrace (*read)(const std::filesystem::path& file, const ImportOptions& options);
  StoredWeights (*read_weights)(
      const std::filesystem::path& file);  // none: it holds operators; else it holds none
  void (*write)(const OperatorStream& stream, const std::filesystem::path& file);  // none: it is only read
};

const std::vector<TraceFormat>& trace_formats();

// Of a file, by what it holds; what nobody knows may be one of Orrery's own, which are text. Throws
// ConfigError, which says what another file is.
const TraceFormat& format_of(const std::filesystem::path& file);
// Of a file that is one of them for sure: none for other text.
const TraceFormat* sure_format_of(const std::filesystem::path& file);

// A file of operators. Throws ConfigError for one of weights too.
ImportedTrace read_any_trace(const std::filesystem::path& file, const ImportOptions& options);

// By the extension of `file`. Throws ConfigError with those that are written.
void write_any_trace(const OperatorStream& stream, const std::filesystem::path& file);

// Throws ConfigError where operators of a trace were refused, or it leaves open how many devices its
// collectives join.
void expect_whole(const ImportedTrace& trace, const std::string& file);

}  // namespace orrery
