#include "sim/report/text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace orrery {

std::string format_table(const std::vector<std::vector<std::string>>& rows, Align others) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (c > 0) line += "  ";
      line += c == 0 || others == Align::left ? fmt::format("{:<{}}", row[c], widths[c])
                                              : fmt::format("{:>{}}", row[c], widths[c]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

std::string si(double value, const char* unit) {
  struct Prefix {
    double scale;
    const char* name;
  };
  static constexpr std::array<Prefix, 9> kPrefixes = {{{1e12, "T"},
                                                       {1e9, "G"},
                                                       {1e6, "M"},
                                                       {1e3, "k"},
                                                       {1, ""},
                                                       {1e-3, "m"},
                                                       {1e-6, "u"},
                                                       {1e-9, "n"},
                                                       {1e-12, "p"}}};
  if (value == 0 || !std::isfinite(value)) return fmt::format("{} {}", value, unit);
  for (const Prefix& p : kPrefixes) {
    if (std::abs(value) < p.scale * 0.99995) continue;
    const double scaled = value / p.scale;
    const int decimals = std::abs(scaled) >= 99.995 ? 1 : std::abs(scaled) >= 9.9995 ? 2 : 3;
    return fmt::format("{:.{}f} {}{}", scaled, decimals, p.name, unit);
  }
  return fmt::format("{:.3g} {}", value, unit);
}

std::string grouped(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

std::string people(double value, int digits) {
  const double size = std::abs(value);
  if (value == 0) return "0";
  if (!std::isfinite(value) || size < 1e-6 || size >= 1e15) return fmt::format("{:.{}g}", value, digits);
  const int before = static_cast<int>(std::floor(std::log10(size))) + 1;  // digits before the point
  if (before < digits) {
    std::string text = fmt::format("{:.{}f}", value, digits - before);
    if (text.find('.') != std::string::npos) {
      text.erase(text.find_last_not_of('0') + 1);
      if (text.back() == '.') text.pop_back();
    }
    const std::size_t point = std::min(text.find('.'), text.size());
    const std::size_t first = value < 0 ? 1 : 0;
    for (std::size_t at = point; at > first + 3;) text.insert(at -= 3, ",");
    return text;
  }
  const double unit = std::pow(10.0, before - digits);
  return (value < 0 ? "-" : "") +
         grouped(static_cast<std::uint64_t>(std::llround(size / unit) * std::llround(unit)));
}

}  // namespace orrery
