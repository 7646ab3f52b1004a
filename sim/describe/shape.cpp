#include "sim/describe/shape.h"

#include "sim/util/key_path.h"

namespace orrery {

const char* to_string(Bears bears) {
  switch (bears) {
    case Bears::none:
      return "nothing";
    case Bears::price:
      return "prices";
    case Bears::energy:
      return "energy";
    case Bears::timing:
      return "time";
  }
  return "";
}

std::string Place::pointer() const {
  if (outer_ == nullptr) return "";
  return child_pointer(outer_->pointer(), key_ != nullptr ? *key_ : std::to_string(index_));
}

Shape Shape::word(std::vector<std::string> words) {
  Shape shape = of(ShapeKind::word);
  shape.words = std::move(words);
  return shape;
}

Shape Shape::object(TableOf table) {
  Shape shape = of(ShapeKind::object);
  shape.table = table;
  return shape;
}

Shape Shape::choice(std::vector<std::pair<std::string, TableOf>> kinds) {
  Shape shape = of(ShapeKind::choice);
  shape.kinds = std::move(kinds);
  return shape;
}

Shape Shape::list(Shape item, std::size_t shortest) {
  Shape shape = of(ShapeKind::list);
  shape.parts.push_back(std::move(item));
  shape.shortest = shortest;
  return shape;
}

Shape Shape::map(Shape item, std::vector<std::string> keys) {
  Shape shape = of(ShapeKind::map);
  shape.parts.push_back(std::move(item));
  shape.words = std::move(keys);
  return shape;
}

Shape Shape::reference(const DocumentKind& document) {
  Shape shape = of(ShapeKind::reference);
  shape.table = document.table;
  shape.document = &document;
  return shape;
}

Shape Shape::either(std::vector<Shape> parts) {
  Shape shape = of(ShapeKind::either);
  shape.parts = std::move(parts);
  return shape;
}

const Table* Shape::table_of_object(const nlohmann::json& object) const {
  if (table != nullptr) return &table();
  if (kind != ShapeKind::choice || !object.is_object() || !object.contains(chosen_by)) return nullptr;
  for (const auto& [name, of_kind] : kinds) {
    if (object[chosen_by] == name) return &of_kind();
  }
  return nullptr;
}

namespace {

const Shape* of_key(const Table& table, const std::string& key) {
  const Field* field = table.field(key);
  return field == nullptr ? nullptr : &field->shape;
}

const Shape* below(const Shape& shape, const nlohmann::json& value, const std::string& step) {
  if (const Table* table = shape.table_of_object(value)) return of_key(*table, step);
  const bool has_items = shape.kind == ShapeKind::list || shape.kind == ShapeKind::map;
  return has_items ? &shape.parts[0] : nullptr;
}

const nlohmann::json& value_below(const nlohmann::json& value, const std::string& step) {
  static const nlohmann::json nothing;
  const nlohmann::json::json_pointer at(child_pointer("", step));
  return value.contains(at) ? value.at(at) : nothing;
}

}  // namespace

const Shape* shape_at(const Table& table, const nlohmann::json& object,
                      const nlohmann::json::json_pointer& pointer) {
  std::vector<std::string> steps;
  for (nlohmann::json::json_pointer at = pointer; !at.empty(); at.pop_back()) steps.push_back(at.back());
  if (steps.empty()) return nullptr;
  const Shape* shape = of_key(table, steps.back());
  const nlohmann::json* value = &value_below(object, steps.back());
  for (auto step = steps.rbegin() + 1; step != steps.rend() && shape != nullptr; ++step) {
    shape = below(*shape, *value, *step);
    value = &value_below(*value, *step);
  }
  return shape;
}

const Field* Table::field(const std::string& key) const {
  for (const Field& f : fields_) {
    if (f.key == key) return &f;
  }
  return nullptr;
}

std::vector<std::string> Table::keys() const {
  std::vector<std::string> keys;
  for (const Field& f : fields_) keys.push_back(f.key);
  return keys;
}

void Table::read(void* into, const nlohmann::json& object, const Place& at) const {
  for (const Field& f : fields_) {
    if (!f.read) continue;
    const auto found = object.find(f.key);
    if (found != object.end()) f.read(into, *found, Place(at, f.key), f.scale);
  }
}

nlohmann::ordered_json Table::write(const void* from) const {
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  for (const Field& f : fields_) {
    if (!f.write) continue;
    nlohmann::ordered_json value = f.write(from, f.scale);
    if (value.is_null() && !f.nullable) continue;
    out[f.key] = std::move(value);
  }
  return out;
}

}  // namespace orrery
