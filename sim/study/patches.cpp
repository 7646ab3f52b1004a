#include "sim/study/patches.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "sim/config/config_document.h"
#include "sim/study/configuration.h"
#include "sim/study/configuration_key.h"
#include "sim/util/ends_with.h"

namespace orrery {
namespace {

using nlohmann::json;

enum class Measure : std::uint8_t { time, bytes, frequency, rate, power };
struct Unit {
  std::string_view name;
  Measure of;
  double size;  // in seconds, bytes, hertz, bytes per second, watts
};
constexpr std::array<Unit, 25> kUnits = {{
    {"ns", Measure::time, 1e-9},
    {"us", Measure::time, 1e-6},
    {"ms", Measure::time, 1e-3},
    {"s", Measure::time, 1},
    {"B", Measure::bytes, 1},
    {"kB", Measure::bytes, 1e3},
    {"KB", Measure::bytes, 1e3},
    {"MB", Measure::bytes, 1e6},
    {"GB", Measure::bytes, 1e9},
    {"TB", Measure::bytes, 1e12},
    {"KiB", Measure::bytes, 1024.0},
    {"MiB", Measure::bytes, 1048576.0},
    {"GiB", Measure::bytes, 1073741824.0},
    {"TiB", Measure::bytes, 1099511627776.0},
    {"kHz", Measure::frequency, 1e3},
    {"MHz", Measure::frequency, 1e6},
    {"GHz", Measure::frequency, 1e9},
    {"MB/s", Measure::rate, 1e6},
    {"GB/s", Measure::rate, 1e9},
    {"TB/s", Measure::rate, 1e12},
    {"mW", Measure::power, 1e-3},
    {"W", Measure::power, 1},
    {"kW", Measure::power, 1e3},
    {"Hz", Measure::frequency, 1},
    {"B/s", Measure::rate, 1},
}};
// How a key's name ends, longest first.
constexpr std::array<Unit, 13> kEndings = {{
    {"_gb_per_s", Measure::rate, 1e9},
    {"_bytes", Measure::bytes, 1},
    {"_kib", Measure::bytes, 1024.0},
    {"_mib", Measure::bytes, 1048576.0},
    {"_gib", Measure::bytes, 1073741824.0},
    {"_ghz", Measure::frequency, 1e9},
    {"_mhz", Measure::frequency, 1e6},
    {"_ns", Measure::time, 1e-9},
    {"_us", Measure::time, 1e-6},
    {"_ms", Measure::time, 1e-3},
    {"_kw", Measure::power, 1e3},
    {"_s", Measure::time, 1},
    {"_w", Measure::power, 1},
}};

// "64MiB" for a key in KiB is 65536; null where `text` is no number with a unit.
json in_unit_of(const std::string& key, const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || *end == '\0' || !std::isfinite(number)) return nullptr;
  while (*end == ' ') ++end;
  const std::string_view name = end;
  const auto* unit =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& u) { return u.name == name; });
  if (unit == kUnits.end()) return nullptr;
  const auto* own =
      std::find_if(kEndings.begin(), kEndings.end(), [&](const Unit& u) { return ends_with(key, u.name); });
  if (own == kEndings.end())
    throw ConfigError(key + "=" + text, "the key's name says no unit: give a plain number");
  if (own->of != unit->of)
    throw ConfigError(key + "=" + text,
                      fmt::format("{} is no unit of a key in {}", unit->name, own->name.substr(1)));
  const double value = number * (unit->size / own->size);
  const double whole = std::round(value);
  // 1.5e9 B in GiB is a fraction; 64 MiB in KiB is not, whatever the division says in its last digit.
  if (std::abs(value - whole) <= 1e-9 * std::abs(value) && std::abs(whole) < 9e15)
    return static_cast<std::int64_t>(whole);
  return value;
}

}  // namespace

Patch parse_patch(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw ConfigError(
        "", "unexpected argument '" + text + "'; KEY=VALUE changes a key, as in arch.dram.channels=96");
  const std::string key = text.substr(0, equals);
  const std::string value = text.substr(equals + 1);
  if (const json number = in_unit_of(key, value); !number.is_null()) return {text, key, number};
  return {text, key, ConfigDocument::parse("v: " + value, "--" + key).root()["v"]};
}

std::vector<Patch> parse_patches(const std::vector<std::string>& texts) {
  std::vector<Patch> patches;
  for (const std::string& text : texts) patches.push_back(parse_patch(text));
  return patches;
}

void check_values(const json& configuration, const std::string& key, const std::vector<json>& values,
                  const std::string& where) {
  try {
    const std::string pointer = resolve_key(configuration, key, values.front());
    json changed = configuration;
    for (const json& value : values) check_settable(configuration, key, pointer, value);
    constexpr std::size_t kMostChecked = 1000;
    for (std::size_t i = 0; i < std::min(values.size(), kMostChecked); ++i) {
      changed[json::json_pointer(pointer)] = values[i];
      validate_part(changed, pointer);
    }
  } catch (const ConfigError& error) {
    throw ConfigError(where, error.what());
  } catch (const json::exception&) {  // no schema of its own: facts of a published model
    throw ConfigError(where, fmt::format("'{}' does not take {}", key, json(values).dump()));
  }
}

void apply_patches(std::vector<json>& configurations, const std::vector<Patch>& patches) {
  const std::vector<json> files = configurations;
  for (const Patch& patch : patches) {
    for (const json& c : configurations) check_values(c, patch.key, {patch.value}, patch.text);
    for (json& c : configurations) {
      const json before = c;
      const std::string at = resolve_key(c, patch.key, patch.value);
      place(c, at, patch.value);
      if (is_of_machine(at)) override_machine(c, before);
    }
  }
  for (std::size_t b = 0; b < files.size(); ++b) {
    if (configurations[b]["technology"] == files[b]["technology"]) continue;
    remember_areas(configurations[b]);
    if (configurations[b].contains("overridden")) override_machine(configurations[b], configurations[b]);
  }
}

}  // namespace orrery
