#include "sim/describe/json_schema.h"

#include "sim/describe/sources.h"

namespace orrery {
namespace {

using nlohmann::ordered_json;

ordered_json schema_of(const Table& table);

ordered_json whole(double value) {
  const auto integer = static_cast<std::int64_t>(value);
  return static_cast<double>(integer) == value ? ordered_json(integer) : ordered_json(value);
}

ordered_json number(const Shape& shape, const char* type) {
  ordered_json plain = {{"type", type}};
  if (shape.above) plain["exclusiveMinimum"] = whole(*shape.above);
  if (shape.least) plain["minimum"] = whole(*shape.least);
  if (shape.most) plain["maximum"] = whole(*shape.most);
  ordered_json sourced = {{"$ref", "#/definitions/sourced"}};
  return {{"anyOf", {std::move(plain), std::move(sourced)}}};
}

void put_size(ordered_json& schema, const Shape& shape, const char* least, const char* most) {
  if (shape.shortest > 0) schema[least] = shape.shortest;
  if (shape.longest < kAnyLength) schema[most] = shape.longest;
}

ordered_json schema_of(const Shape& shape);

ordered_json choice(const Shape& shape) {
  ordered_json names = ordered_json::array();
  ordered_json parts = ordered_json::array();
  for (const auto& [name, table] : shape.kinds) {
    names.push_back(name);
    parts.push_back(
        {{"if", {{"properties", {{shape.chosen_by, {{"const", name}}}}}}}, {"then", schema_of(table())}});
  }
  return {{"type", "object"},
          {"properties", {{shape.chosen_by, {{"enum", names}}}}},
          {"required", {shape.chosen_by}},
          {"allOf", parts}};
}

ordered_json schema_of(const Shape& shape) {
  ordered_json schema = ordered_json::object();
  switch (shape.kind) {
    case ShapeKind::anything:
      return schema;
    case ShapeKind::flag:
      return {{"type", "boolean"}};
    case ShapeKind::integer:
      return number(shape, "integer");
    case ShapeKind::number:
      return number(shape, "number");
    case ShapeKind::text:
      schema["type"] = "string";
      put_size(schema, shape, "minLength", "maxLength");
      return schema;
    case ShapeKind::word:
      return {{"enum", shape.words}};
    case ShapeKind::object:
      return schema_of(shape.table());
    case ShapeKind::choice:
      return choice(shape);
    case ShapeKind::list:
      schema["type"] = "array";
      put_size(schema, shape, "minItems", "maxItems");
      schema["items"] = schema_of(shape.parts[0]);
      return schema;
    case ShapeKind::map:
      schema["type"] = "object";
      put_size(schema, shape, "minProperties", "maxProperties");
      if (!shape.words.empty()) schema["propertyNames"] = {{"enum", shape.words}};
      schema["additionalProperties"] = schema_of(shape.parts[0]);
      return schema;
    case ShapeKind::reference: {
      ordered_json content = schema_of(shape.table());
      ordered_json name = {{"type", "string"}};
      return {{"anyOf", {std::move(name), std::move(content)}}};
    }
    case ShapeKind::either:
      schema["anyOf"] = ordered_json::array();
      for (const Shape& part : shape.parts) schema["anyOf"].push_back(schema_of(part));
      return schema;
  }
  return schema;
}

ordered_json schema_of(const Table& table) {
  ordered_json schema = {
      {"type", "object"}, {"description", table.sentence()}, {"properties", ordered_json::object()}};
  ordered_json required = ordered_json::array();
  for (const Field& field : table.fields()) {
    ordered_json& property = schema["properties"][field.key] = schema_of(field.shape);
    if (field.nullable) property = {{"anyOf", {property, {{"type", "null"}}}}};
    std::string words = field.sentence;
    if (!field.unit.empty()) words += (words.empty() ? "in " : "; in ") + field.unit;
    if (!field.standing.empty()) words += "; left out: " + field.standing;
    if (!words.empty()) property["description"] = words;
    if (field.deprecated) property["deprecated"] = true;
    if (field.required) required.push_back(field.key);
  }
  if (!required.empty()) schema["required"] = required;
  schema["additionalProperties"] = false;
  return schema;
}

ordered_json sourced() {
  ordered_json properties = {{"value", {{"type", "number"}}}};
  for (const char* key : {"source", "currency"}) properties[key] = {{"type", "string"}};
  properties["grade"] = schema_of(table_of_sources())["properties"]["grade"];
  properties["date"] = {{"type", {"string", "integer"}}};
  for (const char* key : {"low", "high"}) properties[key] = {{"type", "number"}};
  return {{"description", "a number in long form, with where it comes from"},
          {"type", "object"},
          {"properties", properties},
          {"required", {"value"}},
          {"additionalProperties", false}};
}

}  // namespace

ordered_json json_schema(const Shape& shape, const std::string& title) {
  ordered_json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", title}};
  schema.update(schema_of(shape));
  const bool is_document = shape.kind == ShapeKind::object && shape.table().field("base") != nullptr;
  if (is_document) {  // it says what it is, or what it derives from says it
    ordered_json& required = schema["required"];
    required.insert(required.begin(), "schema");
  }
  schema["definitions"] = {{"sourced", sourced()}};
  return schema;
}

}  // namespace orrery
