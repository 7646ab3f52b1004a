#include "sim/config/schema_walk.h"

namespace orrery {
namespace {

using nlohmann::json;

// Whether the instance meets the `if` of a variant: its `kind` equals the const the schema names.
bool condition_holds(const json& condition, const json& instance) {
  if (!condition.contains("properties")) return false;
  for (const auto& [key, wanted] : condition["properties"].items()) {
    if (!instance.is_object() || !instance.contains(key)) return false;
    if (wanted.contains("const") && instance[key] != wanted["const"]) return false;
  }
  return true;
}

void expand(const json& root_schema, const json& schema, const json& instance, std::vector<json>& out) {
  if (schema.contains("$ref")) {
    const std::string reference = schema["$ref"].get<std::string>();
    expand(root_schema, root_schema.at(json::json_pointer(reference.substr(1))), instance, out);
    return;
  }
  out.push_back(schema);
  if (schema.contains("allOf")) {
    for (const json& part : schema["allOf"]) {
      if (!part.contains("if")) {
        expand(root_schema, part, instance, out);
      } else if (condition_holds(part["if"], instance) && part.contains("then")) {
        expand(root_schema, part["then"], instance, out);
      }
    }
  }
}

}  // namespace

std::vector<json> schemas_at(const json& schema, const json& root, const std::string& pointer) {
  std::vector<json> current;
  expand(schema, schema, root, current);
  json instance = root;
  std::size_t at = 0;
  while (at < pointer.size()) {
    const std::size_t next = pointer.find('/', at + 1);
    const std::string key = pointer.substr(at + 1, next == std::string::npos ? next : next - at - 1);
    at = next == std::string::npos ? pointer.size() : next;
    json below = nullptr;
    if (instance.is_object() && instance.contains(key)) below = instance[key];
    if (instance.is_array() && std::stoul(key) < instance.size()) below = instance[std::stoul(key)];
    std::vector<json> found;
    for (const json& s : current) {
      if (s.contains("properties") && s["properties"].contains(key)) {
        expand(schema, s["properties"][key], below, found);
      } else if (instance.is_array() && s.contains("items")) {
        expand(schema, s["items"], below, found);
      } else if (s.contains("additionalProperties") && s["additionalProperties"].is_object()) {
        expand(schema, s["additionalProperties"], below, found);
      }
    }
    current = found;
    instance = below;
  }
  return current;
}

std::vector<std::string> valid_keys(const json& schema, const json& root, const std::string& pointer) {
  std::vector<std::string> keys;
  for (const json& s : schemas_at(schema, root, pointer)) {
    if (!s.contains("properties")) continue;
    for (const auto& [key, ignored] : s["properties"].items()) keys.push_back(key);
  }
  return keys;
}

std::string expectation(const json& schema, const json& root, const std::string& pointer) {
  std::string words;
  const auto add = [&words](const std::string& text) { words += (words.empty() ? "" : ", ") + text; };
  for (const json& s : schemas_at(schema, root, pointer)) {
    if (s.contains("enum")) {
      std::string names;
      for (const json& item : s["enum"]) {
        names += (names.empty() ? "" : "|") + (item.is_string() ? item.get<std::string>() : item.dump());
      }
      add("one of " + names);
    } else if (s.contains("type")) {
      add(s["type"].is_string() ? s["type"].get<std::string>() : s["type"].dump());
    }
    if (s.contains("exclusiveMinimum")) add("greater than " + s["exclusiveMinimum"].dump());
    if (s.contains("minimum")) add("at least " + s["minimum"].dump());
    if (s.contains("maximum")) add("at most " + s["maximum"].dump());
    if (s.contains("minLength")) add("of at least " + s["minLength"].dump() + " character(s)");
    if (s.contains("maxLength")) add("of at most " + s["maxLength"].dump() + " characters");
    if (s.contains("pattern")) add(s.value("description", "like " + s["pattern"].dump()));
    if (s.contains("minItems")) add("with at least " + s["minItems"].dump() + " item(s)");
  }
  return words;
}

}  // namespace orrery
