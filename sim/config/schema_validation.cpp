#include "sim/config/schema_validation.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <utility>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "sim/config/schema_names.h"
#include "sim/config/schema_walk.h"
#include "sim/util/data_home.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

using nlohmann::json;

// A finding of the validator as (JSON pointer, text).
struct Finding {
  std::string pointer;
  std::string text;
};

// valijson's context is {"<root>", "[chip]", "[clock_ghz]"}.
std::string pointer_of(const std::vector<std::string>& context) {
  std::string pointer;
  for (const std::string& step : context) {
    if (step.size() >= 2 && step.front() == '[') {
      std::string name = step.substr(1, step.size() - 2);
      if (name.size() >= 2 && name.front() == '"') name = name.substr(1, name.size() - 2);
      pointer += "/" + name;
    }
  }
  return pointer;
}

// Errors that only say that something below failed.
bool is_summary(const std::string& text) {
  for (const char* prefix :
       {"Failed to validate against", "Failed to validate item", "Failed to validate property"}) {
    if (text.compare(0, std::string(prefix).size(), prefix) == 0) return true;
  }
  return false;
}

std::string quoted_name(const std::string& text) {
  const std::size_t last = text.rfind('\'');
  const std::size_t first = last == std::string::npos ? last : text.rfind('\'', last - 1);
  return first == std::string::npos ? "" : text.substr(first + 1, last - first - 1);
}

json value_at(const json& root, const std::string& pointer) {
  const json::json_pointer p(pointer);
  return root.contains(p) ? root.at(p) : json();
}

Diagnostic describe(const ConfigDocument& document, const json& schema, const Finding& finding) {
  const std::string& text = finding.text;
  if (text.find("additionalProperties") != std::string::npos) {
    const std::string key = quoted_name(text);
    const std::vector<std::string> keys = valid_keys(schema, document.root(), finding.pointer);
    std::string message = "unknown key '" + key_path(finding.pointer + "/" + key) + "'";
    const std::string suggestion = did_you_mean(key, keys);
    if (suggestion.empty()) {
      std::string all;
      for (const std::string& k : keys) all += (all.empty() ? "" : ", ") + k;
      message += "; valid here: " + all;
    }
    return document.diagnostic(finding.pointer + "/" + key, message + suggestion);
  }
  if (text.find("Missing required property") != std::string::npos) {
    const std::string pointer = finding.pointer + "/" + quoted_name(text);
    const std::string expected = expectation(schema, document.root(), pointer);
    return document.diagnostic(finding.pointer, "missing key '" + key_path(pointer) + "'" +
                                                    (expected.empty() ? "" : " (" + expected + ")"));
  }
  const std::string expected = expectation(schema, document.root(), finding.pointer);
  const json found = value_at(document.root(), finding.pointer);
  std::string message = "'" + key_path(finding.pointer) + "' is " + found.dump() + "; expected " + expected;
  if (found.is_string()) {
    for (const json& s : schemas_at(schema, document.root(), finding.pointer)) {
      if (s.contains("enum"))
        message += did_you_mean(found.get<std::string>(), s["enum"].get<std::vector<std::string>>());
    }
  }
  return document.diagnostic(finding.pointer, message);
}

struct CompiledSchema {
  json text;
  valijson::Schema compiled;
  explicit CompiledSchema(json schema) : text(std::move(schema)) {
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(text), compiled);
  }
};

// What another schema says: {"$ref": "orrery/node/1#/definitions/node"} is that.
void fill_in_parts(json& schema) {
  if (!schema.is_structured()) return;
  const auto ref = schema.is_object() ? schema.find("$ref") : schema.end();
  if (ref != schema.end() && ref->is_string() && ref->get<std::string>().rfind("orrery/", 0) == 0) {
    const std::string there = ref->get<std::string>();
    const std::size_t hash = there.find('#');
    schema = load_schema(there.substr(0, hash)).at(json::json_pointer(there.substr(hash + 1)));
    return;
  }
  for (json& part : schema) fill_in_parts(part);
}

const CompiledSchema& compiled_schema(const std::string& name, const std::string& part) {
  static std::map<std::pair<std::string, std::string>, CompiledSchema> schemas;
  const std::pair<std::string, std::string> key(name, part);
  const auto known = schemas.find(key);
  if (known != schemas.end()) return known->second;
  return schemas.try_emplace(key, load_schema(name).at(json::json_pointer(part))).first->second;
}

std::filesystem::path schema_path(const std::string& schema_name) {
  // orrery/<what>/<version> -> <what>-<version>.json
  const std::size_t first = schema_name.find('/');
  const std::size_t second = schema_name.find('/', first + 1);
  if (first == std::string::npos || second == std::string::npos) return {};
  const std::string file =
      schema_name.substr(first + 1, second - first - 1) + "-" + schema_name.substr(second + 1) + ".json";
  for (const char* folder : {"arch_configs/schema", "traces/schema"}) {
    const std::filesystem::path path = data_home() / folder / file;
    if (std::filesystem::exists(path)) return path;
  }
  return {};
}

}  // namespace

std::vector<std::string> schema_names() {
  std::vector<std::string> names;
  for (const char* folder : {"arch_configs/schema", "traces/schema"}) {
    if (!std::filesystem::exists(data_home() / folder)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(data_home() / folder)) {
      const std::string stem = entry.path().stem().string();
      const std::size_t dash = stem.rfind('-');
      if (entry.path().extension() == ".json" && dash != std::string::npos) {
        names.push_back("orrery/" + stem.substr(0, dash) + "/" + stem.substr(dash + 1));
      }
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

json load_schema(const std::string& schema_name) {
  const std::filesystem::path path = schema_path(schema_name);
  if (path.empty()) {
    throw ConfigError("",
                      "no schema named '" + schema_name + "'" + did_you_mean(schema_name, schema_names()));
  }
  std::ifstream file(path);
  json schema = json::parse(file);
  fill_in_names(schema);
  fill_in_parts(schema);
  return schema;
}

void validate_against(const ConfigDocument& document, const std::string& schema_name,
                      const std::string& part) {
  const CompiledSchema& schema = compiled_schema(schema_name, part);
  valijson::Validator validator;
  valijson::ValidationResults results;
  const valijson::adapters::NlohmannJsonAdapter target(document.root());
  if (validator.validate(schema.compiled, target, &results)) return;

  std::vector<Finding> findings;
  valijson::ValidationResults::Error error;
  while (results.popError(error)) {
    Finding finding{pointer_of(error.context), error.description};
    const bool repeated = std::any_of(findings.begin(), findings.end(), [&](const Finding& f) {
      return f.pointer == finding.pointer && f.text == finding.text;
    });
    if (!is_summary(finding.text) && !repeated) findings.push_back(finding);
  }
  std::vector<Diagnostic> diagnostics;
  for (const Finding& finding : findings) {
    const Diagnostic told = describe(document, schema.text, finding);
    const bool again = std::any_of(diagnostics.begin(), diagnostics.end(), [&](const Diagnostic& d) {
      return d.where == told.where && d.message == told.message;  // a value that breaks two rules
    });
    if (!again) diagnostics.push_back(told);
  }
  if (diagnostics.empty()) diagnostics.push_back({document.where(""), "does not match its schema"});
  throw ConfigError(diagnostics);
}

void validate_as(const ConfigDocument& document, const std::string& expected) {
  if (document.validated()) return;
  if (!document.root().is_object() || !document.root().contains("schema")) {
    throw ConfigError(document.where(""), "missing key 'schema' (expected schema: " + expected + ")");
  }
  const json& name = document.root()["schema"];
  if (name != expected) {
    throw ConfigError(document.where("/schema"), "'schema' is " + name.dump() + "; expected " + expected);
  }
  validate_against(document, expected);
}

}  // namespace orrery
