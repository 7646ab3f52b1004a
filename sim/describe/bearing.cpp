#include "sim/describe/bearing.h"

namespace orrery {
namespace {

using nlohmann::json;

json kept(const Shape& shape, const json& value, Bears least);

json kept(const Table& table, const json& object, Bears least) {
  json out = json::object();
  for (const auto& [key, value] : object.items()) {
    const Field* field = table.field(key);
    if (field == nullptr) {
      out[key] = value;
    } else if (field->bears >= least) {
      out[key] = kept(field->shape, value, least);
    }
  }
  return out;
}

json kept(const Shape& shape, const json& value, Bears least) {
  if (value.is_object()) {
    if (const Table* table = shape.table_of_object(value)) return kept(*table, value, least);
  }
  if (shape.kind == ShapeKind::list && value.is_array()) {
    json out = json::array();
    for (const json& item : value) out.push_back(kept(shape.parts[0], item, least));
    return out;
  }
  if (shape.kind == ShapeKind::map && value.is_object()) {
    json out = json::object();
    for (const auto& [key, item] : value.items()) out[key] = kept(shape.parts[0], item, least);
    return out;
  }
  if (shape.kind == ShapeKind::either) {
    for (const Shape& part : shape.parts) {
      if (part.kind == ShapeKind::object && value.is_object()) return kept(part, value, least);
    }
  }
  return value;
}

}  // namespace

json bearing(const Table& table, const json& object, Bears least) {
  return kept(table, object, least);
}

}  // namespace orrery
