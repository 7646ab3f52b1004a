#pragma once
// What a value of a document may be, and what an object's keys are: built once at run time and walked by
// whoever reads, checks, explains or digests documents.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/describe/document_kind.h"
#include "sim/describe/place.h"

namespace orrery {

// The strongest of the things that a fact has a bearing on: energy moves prices, and time moves both.
enum class Bears : std::uint8_t { none, price, energy, timing };
const char* to_string(Bears bears);

enum class ShapeKind : std::uint8_t {
  anything,
  flag,
  integer,
  number,
  text,
  word,       // one of `words`
  object,     // of `table`
  choice,     // an object whose `kind` (or other key) says of which of `kinds`
  list,       // of parts[0]
  map,        // of parts[0], by any key or by `words`
  reference,  // the name or path of a document, or its content
  either      // one of `parts`
};

// What bounds a number or a length that nothing else does.
inline constexpr double kAnyNumber = 1e15;
inline constexpr std::size_t kAnyLength = std::numeric_limits<std::size_t>::max();

struct Shape {
  ShapeKind kind = ShapeKind::anything;
  std::optional<double> above, least, most;  // of numbers
  std::size_t shortest = 0;                  // characters of a text, items of a list, keys of a map
  std::size_t longest = kAnyLength;
  std::vector<std::string> words;
  TableOf table = nullptr;
  const DocumentKind* document = nullptr;  // of a reference
  std::vector<std::pair<std::string, TableOf>> kinds;
  std::string chosen_by = "kind";
  std::vector<Shape> parts;
  bool (*fits)(const std::string&) = nullptr;  // of a text; `like` says what does
  std::string like;

  static Shape of(ShapeKind kind) {
    Shape shape;
    shape.kind = kind;
    return shape;
  }
  static Shape text() { return of(ShapeKind::text); }
  static Shape word(std::vector<std::string> words);
  static Shape object(TableOf table);
  static Shape choice(std::vector<std::pair<std::string, TableOf>> kinds);
  static Shape list(Shape item, std::size_t shortest = 0);
  static Shape map(Shape item, std::vector<std::string> keys = {});
  static Shape reference(const DocumentKind& document);
  static Shape either(std::vector<Shape> parts);

  // The table that an object of this shape is of; null where none is (yet) known.
  const Table* table_of_object(const nlohmann::json& object) const;
};

// What sweeps call a figure; `member`: of an object, which of its keys.
struct Compared {
  std::string name, member;
};

// One key of an object.
struct Field {
  // Puts the value of `key` into the struct, multiplied by `scale` where the struct counts in another unit.
  using Read = std::function<void(void* into, const nlohmann::json& value, const Place& at, double scale)>;
  // The value from the struct, divided by `scale`; null where it is not defined.
  using Write = std::function<nlohmann::ordered_json(const void* from, double scale)>;

  std::string key;
  Shape shape;
  bool required = false;
  bool nullable = false;  // of a result: null where it is not defined
  bool deprecated = false;
  std::string unit;                // "" = a plain number, a word, ...
  std::string sentence;            // what it is
  bool has_label = false;          // it is a row of a table
  std::string label;               // what people read it as
  std::vector<Compared> compared;  // what sweeps call it that compare it; none: they do not
  std::string standing;            // what holds where the key is left out, in words; "" = nothing
  Bears bears = Bears::timing;
  double scale = 1;  // the struct's unit in the key's
  Read read;
  Write write;
};

// The shape of what stands (or would stand) at `pointer` of an object; null where the table knows none.
const Shape* shape_at(const Table& table, const nlohmann::json& object,
                      const nlohmann::json::json_pointer& pointer);

class Table {
 public:
  Table(std::string sentence, std::vector<Field> fields)
      : sentence_(std::move(sentence)), fields_(std::move(fields)) {}

  const std::string& sentence() const { return sentence_; }
  const std::vector<Field>& fields() const { return fields_; }
  const Field* field(const std::string& key) const;
  std::vector<std::string> keys() const;

  // Reads an object that has been checked. Throws what the fields' readers throw.
  void read(void* into, const nlohmann::json& object, const Place& at) const;
  // The struct as an object, in the order of the fields.
  nlohmann::ordered_json write(const void* from) const;

 private:
  std::string sentence_;
  std::vector<Field> fields_;
};

}  // namespace orrery
