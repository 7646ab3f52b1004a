#include "sim/study/named_files.h"

#include "sim/config/arch_keys.h"
#include "sim/config/noc_loader.h"

namespace orrery {
namespace {

using nlohmann::json;

json content_of(const json& reference, const DocumentKind& kind) {
  json root = open_document(reference, kind, kind.what).root();
  drop_words(root);
  root["name"] = referenced_name(reference);
  return root;
}

// Calls visit(value, kind) for each reference of an object; content that has just been put in a name's place
// is gone through too. `Json` may be const.
template <class Json, class Visit>
void each_reference(const Shape& shape, Json& value, Visit visit);

template <class Json, class Visit>
void each_reference(const Table& table, Json& object, Visit visit) {
  for (const Field& field : table.fields()) {
    if (object.contains(field.key)) each_reference(field.shape, object[field.key], visit);
  }
}

template <class Json, class Visit>
void each_reference(const Shape& shape, Json& value, Visit visit) {
  if (shape.kind == ShapeKind::reference) visit(value, *shape.document);
  if (value.is_object()) {
    if (const Table* table = shape.table_of_object(value)) each_reference(*table, value, visit);
  } else if (shape.kind == ShapeKind::list && value.is_array()) {
    for (auto& item : value) each_reference(shape.parts[0], item, visit);
  }
}

// A network without a router has the usual one: a key like any other for who changes it.
void name_the_usual_router(json& network) {
  const std::string kind = network.value("kind", "");
  if (kind != "crossbar" && kind != "graph" && !network.contains("router"))
    network["router"] = kDefaultRouter;
}

}  // namespace

void put_content(json& arch) {
  name_the_usual_router(arch.at("chip").at("network"));
  each_reference(kArch.table(), arch, [](json& reference, const DocumentKind& kind) {
    if (!reference.is_string()) return;
    reference = content_of(reference, kind);
    if (&kind == &kNetwork && !reference.contains("router")) reference["router"] = kDefaultRouter;
  });
}

void check_names(const json& arch) {
  each_reference(kArch.table(), arch, [](const json& reference, const DocumentKind& kind) {
    if (reference.is_string()) open_document(reference, kind, kind.what);
  });
}

bool is_named_file(const json& arch, const std::string& pointer) {
  constexpr std::size_t kPart = 5;  // "/arch"
  if (pointer.compare(0, kPart + 1, "/arch/") != 0) return false;
  const Shape* shape = shape_at(kArch.table(), arch, json::json_pointer(pointer.substr(kPart)));
  return shape != nullptr && shape->kind == ShapeKind::reference;
}

}  // namespace orrery
