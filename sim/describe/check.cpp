#include "sim/describe/check.h"

#include <algorithm>
#include <cmath>

#include "sim/util/key_path.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

using nlohmann::json;

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : between) + word;
  return all;
}

std::string of_number(double value) {
  return json(value == std::floor(value) && std::abs(value) < 1e15 ? json(static_cast<std::int64_t>(value))
                                                                   : json(value))
      .dump();
}

// Values of one document, from the root down.
class Checker {
 public:
  explicit Checker(std::vector<Finding>& findings) : findings_(findings) {}

  void object(const Table& table, const json& value, const std::string& at) {
    for (const auto& [key, item] : value.items()) {
      if (const Field* field = table.field(key)) {
        if (!(field->nullable && item.is_null())) check(field->shape, item, child_pointer(at, key));
      } else {
        unknown(key, table.keys(), at);
      }
    }
    for (const Field& field : table.fields()) {
      if (field.required && !value.contains(field.key)) missing(field, at);
    }
  }

  void value(const Shape& shape, const json& of) { check(shape, of, ""); }

 private:
  std::vector<Finding>& findings_;

  void add(const std::string& at, const std::string& message) { findings_.push_back({at, message}); }

  void unknown(const std::string& key, const std::vector<std::string>& keys, const std::string& at) {
    const std::string pointer = child_pointer(at, key);
    const std::string suggestion = did_you_mean(key, keys);
    add(pointer, "unknown key '" + key_path(pointer) + "'" +
                     (suggestion.empty() ? "; valid here: " + joined(keys, ", ") : suggestion));
  }

  void missing(const Field& field, const std::string& at) {
    const std::string expected = expectation(field.shape);
    add(at, "missing key '" + key_path(child_pointer(at, field.key)) + "'" +
                (expected.empty() ? "" : " (" + expected + ")"));
  }

  void refuse(const Shape& shape, const json& value, const std::string& at) {
    std::string message = "'" + key_path(at) + "' is " + value.dump() + "; expected " + expectation(shape);
    if (value.is_string() && !shape.words.empty())
      message += did_you_mean(value.get<std::string>(), shape.words);
    add(at, message);
  }

  static bool fits_number(const Shape& shape, const json& value) {
    const double x = value.get<double>();
    return std::isfinite(x) && (!shape.above || x > *shape.above) && (!shape.least || x >= *shape.least) &&
           (!shape.most || x <= *shape.most);
  }

  static bool fits_size(const Shape& shape, std::size_t size) {
    return size >= shape.shortest && size <= shape.longest;
  }

  // Of what has no parts.
  static bool fits(const Shape& shape, const json& value) {
    switch (shape.kind) {
      case ShapeKind::flag:
        return value.is_boolean();
      case ShapeKind::integer:
        return value.is_number() && std::floor(value.get<double>()) == value.get<double>() &&
               (value.is_number_integer() || std::abs(value.get<double>()) < 9e15) &&
               fits_number(shape, value);
      case ShapeKind::number:
        return value.is_number() && fits_number(shape, value);
      case ShapeKind::text:
        return value.is_string() && fits_size(shape, value.get_ref<const std::string&>().size()) &&
               (shape.fits == nullptr || shape.fits(value.get_ref<const std::string&>()));
      case ShapeKind::word:
        return value.is_string() &&
               std::find(shape.words.begin(), shape.words.end(), value) != shape.words.end();
      case ShapeKind::object:
        return value.is_object();
      case ShapeKind::choice:  // by the kind, unless another key chooses: then it must be there
        return value.is_object() && (shape.chosen_by == "kind" || value.contains(shape.chosen_by));
      case ShapeKind::list:
        return value.is_array() && fits_size(shape, value.size());
      case ShapeKind::map:
        return value.is_object() && fits_size(shape, value.size());
      case ShapeKind::reference:
        return value.is_string() || value.is_object();
      case ShapeKind::either:
        return std::any_of(shape.parts.begin(), shape.parts.end(),
                           [&](const Shape& part) { return fits(part, value); });
      case ShapeKind::anything:
        return true;
    }
    return true;
  }

  void check(const Shape& shape, const json& value, const std::string& at) {
    if (!fits(shape, value)) return refuse(shape, value, at);
    if (shape.kind == ShapeKind::choice) return choice(shape, value, at);
    const bool is_content = shape.kind == ShapeKind::reference && value.is_object();
    if (shape.kind == ShapeKind::object || is_content) return object(shape.table(), value, at);
    if (shape.kind == ShapeKind::list) return list(shape, value, at);
    if (shape.kind == ShapeKind::map) return map(shape, value, at);
    if (shape.kind != ShapeKind::either) return;
    for (const Shape& part : shape.parts) {
      if (fits(part, value)) return check(part, value, at);
    }
  }

  void list(const Shape& shape, const json& value, const std::string& at) {
    for (std::size_t i = 0; i < value.size(); ++i)
      check(shape.parts[0], value[i], child_pointer(at, std::to_string(i)));
  }

  void map(const Shape& shape, const json& value, const std::string& at) {
    for (const auto& [key, item] : value.items()) {
      const bool known =
          shape.words.empty() || std::find(shape.words.begin(), shape.words.end(), key) != shape.words.end();
      if (known) check(shape.parts[0], item, child_pointer(at, key));
      if (!known) unknown(key, shape.words, at);
    }
  }

  void choice(const Shape& shape, const json& value, const std::string& at) {
    if (const Table* table = shape.table_of_object(value)) return object(*table, value, at);
    std::vector<std::string> names;
    for (const auto& [name, ignored] : shape.kinds) names.push_back(name);
    Field kind;
    kind.key = shape.chosen_by;
    kind.shape = Shape::word(names);
    if (!value.contains(kind.key)) return missing(kind, at);
    refuse(kind.shape, value[kind.key], child_pointer(at, kind.key));
  }
};

void say_numbers(const Shape& shape, std::string& words) {
  if (shape.above) words += ", greater than " + of_number(*shape.above);
  if (shape.least) words += ", at least " + of_number(*shape.least);
  if (shape.most) words += ", at most " + of_number(*shape.most);
}

}  // namespace

std::vector<Finding> check(const Table& table, const json& object) {
  std::vector<Finding> findings;
  if (!object.is_object()) {
    findings.push_back({"", "expected a mapping of keys to values"});
    return findings;
  }
  Checker(findings).object(table, object, "");
  return findings;
}

std::vector<Finding> check(const Shape& shape, const json& value) {
  std::vector<Finding> findings;
  Checker(findings).value(shape, value);
  return findings;
}

std::string expectation(const Shape& shape) {
  std::string words;
  switch (shape.kind) {
    case ShapeKind::flag:
      return "true or false";
    case ShapeKind::integer:
      words = "integer";
      say_numbers(shape, words);
      return words;
    case ShapeKind::number:
      words = "number";
      say_numbers(shape, words);
      return words;
    case ShapeKind::text:
      words = "text";
      if (shape.shortest > 0) words += ", of at least " + std::to_string(shape.shortest) + " character(s)";
      if (shape.longest < kAnyLength)
        words += ", of at most " + std::to_string(shape.longest) + " characters";
      if (!shape.like.empty()) words += ", " + shape.like;
      return words;
    case ShapeKind::word:
      return "one of " + joined(shape.words, "|");
    case ShapeKind::object:
    case ShapeKind::map:
      return shape.shortest > 0 ? "mapping, with at least " + std::to_string(shape.shortest) + " key(s)"
                                : "mapping";
    case ShapeKind::choice: {
      std::vector<std::string> names;
      for (const auto& [name, ignored] : shape.kinds) names.push_back(name);
      return "mapping, whose kind is one of " + joined(names, "|");
    }
    case ShapeKind::list:
      words = "list";
      if (shape.longest < kAnyLength && shape.longest == shape.shortest)
        words += " of " + std::to_string(shape.shortest);
      else if (shape.shortest > 0)
        words += ", with at least " + std::to_string(shape.shortest) + " item(s)";
      if (shape.longest < kAnyLength && shape.longest != shape.shortest)
        words += ", with at most " + std::to_string(shape.longest) + " item(s)";
      return words;
    case ShapeKind::reference:
      return "name, path or content";
    case ShapeKind::either: {
      std::vector<std::string> parts;
      for (const Shape& part : shape.parts) parts.push_back(expectation(part));
      return joined(parts, " or ");
    }
    case ShapeKind::anything:
      return "";
  }
  return words;
}

}  // namespace orrery
