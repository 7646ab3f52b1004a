#pragma once
// A number that is not known exactly: its range, where it comes from and when it held.

#include <string>

#include "sim/config/config_document.h"

namespace orrery {

struct Estimate {
  double low = 0, typical = 0, high = 0;
  std::string source, date, currency;
  static Estimate exactly(double value) { return {value, value, value, "", "", ""}; }
};

// Reads {value, low, high, ...} at a JSON pointer; a plain number is exact. Throws ConfigError with
// file:line: a range that does not hold its value.
Estimate read_estimate(const ConfigDocument& document, const std::string& pointer);
// The same of a price: refused without a currency and a date, unless the document was put together of parts
// that have been read before (ConfigDocument::of keeps values alone).
Estimate read_price(const ConfigDocument& document, const std::string& pointer);

// Whole months from a date ("2024", "2024-06" or "2024-06-01") to another; a bare year counts from its July.
// Throws ConfigError when one cannot be read.
int months_between(const std::string& from, const std::string& to);

}  // namespace orrery
