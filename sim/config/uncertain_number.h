#pragma once
// A number that is not known exactly: its range, where it comes from and when it held.

#include <string>

#include "sim/config/config_document.h"
#include "sim/describe/fields.h"

namespace orrery {

struct UncertainNumber {
  double low = 0, typical = 0, high = 0;
  std::string source, date, currency;
  static UncertainNumber exactly(double value) { return {value, value, value, "", "", ""}; }
};

// Reads {value, low, high, ...} at a JSON pointer; a plain number is exact. Throws ConfigError with
// file:line: a range that does not hold its value.
UncertainNumber read_uncertain_number(const ConfigDocument& document, const std::string& pointer);
// The same of a price: refused without a currency and a date, unless the document was put together of parts
// that have been read before (ConfigDocument::of keeps values alone).
UncertainNumber read_price(const ConfigDocument& document, const std::string& pointer);

// A number that is not known exactly, as a member of a described struct.
template <>
struct Written<UncertainNumber> {
  static Shape shape() { return Shape::of(ShapeKind::number); }
  static UncertainNumber read(const nlohmann::json& value, const Place& at, double scale);
  static nlohmann::ordered_json write(const UncertainNumber& e, double /*scale*/) { return e.typical; }
};
// A price's shape: at least 0.
Shape price_shape();
// A key that is a price; `place`: a pointer to the member that holds it, or a function from the struct to it.
template <class T, class PlaceOf>
Fields<T>& add_price(Fields<T>& f, const char* key, PlaceOf place, const char* unit, const char* sentence) {
  return f.other(key, price_shape(), unit, sentence, [place](T& t, const nlohmann::json&, const Place& at) {
    std::invoke(place, t) = read_price(*at.document(), at.pointer());
  });
}

// Whole months from a date ("2024", "2024-06" or "2024-06-01") to another; a bare year counts from its July.
// Throws ConfigError when one cannot be read.
int months_between(const std::string& from, const std::string& to);

}  // namespace orrery
