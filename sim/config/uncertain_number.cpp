#include "sim/config/uncertain_number.h"

#include <fmt/format.h>

#include <array>

namespace orrery {
namespace {

int days_of(int year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

// Of YYYY (its middle), YYYY-MM or YYYY-MM-DD, and nothing else.
int month_of(const std::string& date) {
  const auto number = [&date](std::size_t at, std::size_t digits) {
    int value = 0;
    for (std::size_t i = at; i < at + digits; ++i) {
      if (i >= date.size() || date[i] < '0' || date[i] > '9') return -1;
      value = 10 * value + (date[i] - '0');
    }
    return value;
  };
  const bool has_month = date.size() >= 7 && date[4] == '-';
  const bool has_day = date.size() == 10 && date[7] == '-';
  const bool whole = date.size() == 4 || (date.size() == 7 && has_month) || (has_month && has_day);
  const int year = number(0, 4);
  const int month = has_month ? number(5, 2) : 7;
  const int day = has_day ? number(8, 2) : 1;
  if (!whole || year < 1900 || year > 2200 || month < 1 || month > 12 || day < 1 ||
      day > days_of(year, month))
    throw ConfigError("", "'" + date + "' is no date; expected YYYY, YYYY-MM or YYYY-MM-DD");
  return year * 12 + month - 1;
}

}  // namespace

UncertainNumber read_uncertain_number(const ConfigDocument& document, const std::string& pointer) {
  const double value = document.root().at(nlohmann::json::json_pointer(pointer)).get<double>();
  const Provenance* p = document.long_form(pointer);
  if (p == nullptr) return UncertainNumber::exactly(value);
  const UncertainNumber e{
      p->low.value_or(value), value, p->high.value_or(value), p->source, p->date, p->currency};
  if (e.low > e.typical || e.high < e.typical) {
    throw ConfigError(document.where(pointer), fmt::format("'{}' is {}, outside its own range {} to {}",
                                                           key_path(pointer), e.typical, e.low, e.high));
  }
  return e;
}

UncertainNumber read_price(const ConfigDocument& document, const std::string& pointer) {
  const UncertainNumber e = read_uncertain_number(document, pointer);
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
  if (e.low < 0)
    throw ConfigError(document.where(pointer), fmt::format("the price '{}' may be {}: prices are not below 0",
                                                           key_path(pointer), e.low));
  located(document.where(pointer), [&] { return month_of(e.date); });
  return e;
}

UncertainNumber Written<UncertainNumber>::read(const nlohmann::json& /*value*/, const Place& at,
                                               double /*scale*/) {
  return read_uncertain_number(*at.document(), at.pointer());
}

Shape price_shape() {
  Shape shape = Shape::of(ShapeKind::number);
  shape.least = 0;
  shape.most = kAnyNumber;
  return shape;
}

int months_between(const std::string& from, const std::string& to) {
  return month_of(to) - month_of(from);
}

}  // namespace orrery
