#pragma once
// All kinds of documents: what each is, by the name of its schema.

#include <filesystem>
#include <string>
#include <vector>

#include "sim/describe/shape.h"

namespace orrery {

// Of configuration files, in the order in which they are listed.
const std::vector<DocumentKind>& document_kinds();

// Of "orrery/arch/1"; null where none is named so.
const DocumentKind* document_kind(const std::string& schema);

// Names of all schemas, sorted: of the documents, traces and results.
std::vector<std::string> schema_names();

// What a schema asks, by its name or by its middle word ("arch"). Throws ConfigError with the nearest.
struct NamedSchema {
  std::string name;
  std::string title;
  Shape shape;
};
NamedSchema schema_named(const std::string& name);

// A file by a name of any kind ("gpu/h100-sxm", "vllm"), or a path. Throws ConfigError with the nearest.
std::filesystem::path file_named(const std::string& name);

}  // namespace orrery
