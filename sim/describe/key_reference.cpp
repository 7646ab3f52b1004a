#include "sim/describe/key_reference.h"

#include "sim/describe/check.h"

namespace orrery {
namespace {

class Walk {
 public:
  void table(const Table& table, const std::string& prefix) {
    for (const Field& field : table.fields()) {
      const std::string key = prefix.empty() ? field.key : prefix + "." + field.key;
      rows.push_back({key, expectation(field.shape), field.unit, field.required ? "required" : field.standing,
                      has_parts(field.shape) ? "" : to_string(field.bears), field.sentence});
      below(field.shape, key);
    }
  }
  void below(const Shape& shape, const std::string& key) {
    if (shape.kind == ShapeKind::object) return table(shape.table(), key);
    for (const auto& [name, of_kind] : shape.kinds) table(of_kind(), key.empty() ? name : key + "." + name);
    if (shape.kind == ShapeKind::list) return below(shape.parts[0], key);
    if (shape.kind == ShapeKind::map) return below(shape.parts[0], key + ".*");
    if (shape.kind == ShapeKind::either) {
      for (const Shape& part : shape.parts) below(part, key);
    }
  }
  std::vector<KeyRow> rows;

 private:
  // Content that a name may stand for is its own document's reference.
  static bool has_parts(const Shape& shape) {
    return shape.kind == ShapeKind::object || shape.kind == ShapeKind::choice ||
           ((shape.kind == ShapeKind::list || shape.kind == ShapeKind::map) && has_parts(shape.parts[0]));
  }
};

}  // namespace

std::vector<KeyRow> key_reference(const Shape& shape) {
  Walk walk;
  walk.below(shape, "");
  return walk.rows;
}

}  // namespace orrery
