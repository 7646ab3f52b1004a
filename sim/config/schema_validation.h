#pragma once
// Checks a document against one of the JSON Schemas (draft 7) in arch_configs/schema and traces/schema. All
// findings are reported at once, each with file:line:column, the key path and, for a misspelt name, the
// nearest valid one. Variants are chosen by a `kind` key (if/then in the schema), and only leaf errors are
// shown.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/config/config_document.h"

namespace orrery {

// The schema named by a document's first key, e.g. "orrery/arch/1" -> arch_configs/schema/arch-1.json.
// Throws ConfigError for a name that no schema has.
nlohmann::json load_schema(const std::string& schema_name);

// Names of all schemas shipped, sorted.
std::vector<std::string> schema_names();

// Checks a document against a schema, or a part of one ("/definitions/scenario"), which is compiled once a
// process. Throws ConfigError listing every violation.
void validate_against(const ConfigDocument& document, const std::string& schema_name,
                      const std::string& part = "");

// Checks the `schema:` key, then the document against that schema; `expected` must be the schema's name.
// Documents that are validated() already pass.
void validate_as(const ConfigDocument& document, const std::string& expected);

}  // namespace orrery
