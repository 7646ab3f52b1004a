#include "sim/config/estimate.h"

#include <fmt/format.h>

#include <cstdio>

namespace orrery {
namespace {

int month_of(const std::string& date) {
  int year = 0;
  int month = 7;
  int day = 0;
  const int read = std::sscanf(date.c_str(), "%4d-%2d-%2d", &year, &month, &day);
  if (read < 1 || year < 1900 || year > 2200 || month < 1 || month > 12)
    throw ConfigError("", "'" + date + "' is no date; expected YYYY, YYYY-MM or YYYY-MM-DD");
  return year * 12 + month - 1;
}

}  // namespace

Estimate read_estimate(const ConfigDocument& document, const std::string& pointer) {
  const double value = document.root().at(nlohmann::json::json_pointer(pointer)).get<double>();
  const Provenance* p = document.long_form(pointer);
  if (p == nullptr) return Estimate::exactly(value);
  const Estimate e{p->low.value_or(value), value, p->high.value_or(value), p->source, p->date, p->currency};
  if (e.low > e.typical || e.high < e.typical) {
    throw ConfigError(document.where(pointer), fmt::format("'{}' is {}, outside its own range {} to {}",
                                                           key_path(pointer), e.typical, e.low, e.high));
  }
  return e;
}

Estimate read_price(const ConfigDocument& document, const std::string& pointer) {
  const Estimate e = read_estimate(document, pointer);
  if (document.validated()) return e;
  const auto refuse = [&](const char* what) {
    throw ConfigError(
        document.where(pointer),
        fmt::format("the price '{}' has no {}; write {{value: {}, currency: USD, date: \"2026-01\", "
                    "source: ...}}",
                    key_path(pointer), what, e.typical));
  };
  if (e.currency.empty()) refuse("currency");
  if (e.date.empty()) refuse("date");
  if (e.currency != "USD")
    throw ConfigError(document.where(pointer), fmt::format("the price '{}' is in {}; costs are summed in USD",
                                                           key_path(pointer), e.currency));
  month_of(e.date);
  return e;
}

int months_between(const std::string& from, const std::string& to) {
  return month_of(to) - month_of(from);
}

}  // namespace orrery
