#include "sim/describe/sources.h"

namespace orrery {
namespace {

Field key(const char* name, Shape shape, bool required, const char* sentence) {
  Field field;
  field.key = name;
  field.shape = std::move(shape);
  field.required = required;
  field.sentence = sentence;
  field.bears = Bears::none;
  return field;
}

}  // namespace

const Table& table_of_sources() {
  static const Table table = [] {
    Shape some = Shape::text();
    some.shortest = 1;
    return Table(
        "provenance of numbers",
        {key("source", some, true, "where they are from"),
         key("grade", Shape::word({"datasheet", "measured", "recalled", "calibrated", "derived", "design"}),
             true, "how they are known"),
         key("date", {}, false, "when they held")});
  }();
  return table;
}

}  // namespace orrery
