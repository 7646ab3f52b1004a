#pragma once
// Opens documents of a kind: by a name of the catalogue, by a path, or as content where a name would stand.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/config/config_document.h"
#include "sim/describe/fields.h"

namespace orrery {

// Where the catalogue keeps a name.
std::filesystem::path catalogue_path(const std::string& name, const DocumentKind& kind);
// Names in the catalogue, sorted.
std::vector<std::string> names_of(const DocumentKind& kind);

// `reference`: a name of the catalogue (case ignored), a path that ends in .yaml, or the content. Throws
// ConfigError, at `where` when there is no such file: schema, keys, sources of nothing.
ConfigDocument open_document(const nlohmann::json& reference, const DocumentKind& kind,
                             const std::string& where = "");
// The name that a reference goes by.
std::string referenced_name(const nlohmann::json& reference);

// Throws ConfigError that lists every violation: the `schema:` key, and what the kind's table says. Documents
// that are validated() already pass.
void expect_kind(const ConfigDocument& document, const DocumentKind& kind);

// The same of values alone, against a table.
void expect_keys(const ConfigDocument& document, const Table& table);

// A document's struct, after it was found to be of its kind.
template <class T>
T read_document(const ConfigDocument& document) {
  return read_as<T>(document.root(), Place(&document));
}

}  // namespace orrery
