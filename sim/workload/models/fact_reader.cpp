#include "sim/workload/models/dimension_reader.h"

#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

// Far beyond any model: what lies above is a slip, and would take for ever or overflow.
std::uint64_t largest(const std::string& key) {
  if (key == "num_hidden_layers" || key == "n_layer") return 10'000;
  if (key.find("position") != std::string::npos) return std::uint64_t{1} << 30;
  if (key == "vocab_size") return std::uint64_t{1} << 26;
  return std::uint64_t{1} << 20;
}

}  // namespace

void DimensionReader::finish() const {
  if (!errors_.empty()) throw ConfigError(errors_);
}

bool DimensionReader::flag(const char* key, bool fallback) {
  if (!has(key)) return fallback;
  if (root_[key].is_boolean()) return root_[key].get<bool>();
  fail(std::string("/") + key,
       std::string("'") + key + "' is " + root_[key].dump() + "; expected true or false");
  return fallback;
}

std::string DimensionReader::word(const char* key, const std::string& fallback) {
  if (!has(key)) return fallback;
  if (root_[key].is_string()) return root_[key].get<std::string>();
  fail(std::string("/") + key, std::string("'") + key + "' is " + root_[key].dump() + "; expected a word");
  return fallback;
}

std::uint64_t DimensionReader::read(const char* key, std::uint64_t fallback, bool must) {
  if (!has(key)) {
    if (must) {
      std::vector<std::string> present;
      for (const auto& [name, ignored] : root_.items()) present.push_back(name);
      errors_.push_back({document_.where(""), std::string("missing key '") + key + "' (a positive integer)" +
                                                  did_you_mean(key, present)});
    }
    return fallback;
  }
  const std::uint64_t most = largest(key);
  if (!root_[key].is_number_integer() || root_[key].get<std::int64_t>() <= 0 ||
      root_[key].get<std::uint64_t>() > most) {
    fail(std::string("/") + key, std::string("'") + key + "' is " + root_[key].dump() +
                                     "; expected a positive integer, at most " + std::to_string(most));
    return fallback;
  }
  return root_[key].get<std::uint64_t>();
}

}  // namespace orrery
