#include "sim/workload/models/fact_reader.h"

#include <cmath>

#include "sim/util/ends_with.h"
#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"
#include "sim/workload/models/foreign_keys.h"

namespace orrery {
namespace {

// Far beyond any model: what lies above is a slip, and would take for ever or overflow.
std::uint64_t largest(const std::string& key) {
  if (key == "num_hidden_layers" || key == "n_layer" || key == "num_layers" || key == "n_layers")
    return 10'000;
  if (key.find("position") != std::string::npos || key.find("seq") != std::string::npos ||
      key.find("window") != std::string::npos)
    return std::uint64_t{1} << 30;
  if (key.find("vocab") != std::string::npos) return std::uint64_t{1} << 26;
  return std::uint64_t{1} << 20;
}

}  // namespace

FactReader::FactReader(const ConfigDocument& document) : document_(document), root_(&document.root()) {}

void FactReader::finish() const {
  if (!errors_.empty()) throw ConfigError(errors_);
}

const nlohmann::json& FactReader::value(const char* key) const {
  static const nlohmann::json nothing;
  if (const auto found = root_->find(key); found != root_->end() && !found->is_null()) return *found;
  const std::string name = key;
  const bool of_all =
      name == "architectures" || name == "tie_word_embeddings" || name == "quantization_config";
  if (!nested_ || !of_all) return nothing;
  const auto outer = document_.root().find(key);
  return outer != document_.root().end() ? *outer : nothing;
}

bool FactReader::has(const char* key) const {
  read_.insert(pointer(key));
  const bool there = !value(key).is_null();
  if (there && !root_->contains(key)) read_.insert(std::string("/") + key);
  return there;
}

void FactReader::enter(const char* key) {
  if (!has(key) || !value(key).is_object()) return expected(key, "an object");
  const nlohmann::json& inner = value(key);
  prefix_ = pointer(key);
  root_ = &inner;
  nested_ = true;
}

FactReader FactReader::inside(const char* key) {
  FactReader inner(document_);
  static const nlohmann::json nothing = nlohmann::json::object();
  const bool there = is_object(key);
  if (has(key) && !there) expected(key, "an object");
  inner.prefix_ = root_->contains(key) ? pointer(key) : std::string("/") + key;
  inner.root_ = there ? &value(key) : &nothing;
  return inner;
}

void FactReader::take(FactReader inner, const std::string& type) {
  inner.refuse_unread_in(*inner.root_, inner.prefix_, type);
  errors_.insert(errors_.end(), inner.errors_.begin(), inner.errors_.end());
}

std::vector<std::string> FactReader::keys() const {
  std::vector<std::string> names;
  for (const auto& [name, ignored] : root_->items()) names.push_back(name);
  return names;
}

std::int64_t FactReader::whole(const char* key, std::int64_t fallback, std::int64_t least,
                               std::int64_t most) {
  if (!has(key)) return fallback;
  if (value(key).is_number_integer() && value(key).get<std::int64_t>() >= least &&
      value(key).get<std::int64_t>() <= most)
    return value(key).get<std::int64_t>();
  expected(key, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return fallback;
}

void FactReader::expected(const char* key, const std::string& what) {
  fail(key, std::string("'") + key + "' is " + value(key).dump() + "; expected " + what);
}

void FactReader::missing(const char* key, const char* what) {
  if (root_->contains(key)) return fail(key, std::string("'") + key + "' is null; expected " + what);
  std::vector<std::string> present;
  for (const auto& [name, ignored] : root_->items()) present.push_back(name);
  errors_.push_back({document_.where(prefix_),
                     std::string("missing key '") + key + "' (" + what + ")" + did_you_mean(key, present)});
}

bool FactReader::flag(const char* key, bool fallback) {
  if (!has(key)) return fallback;
  if (value(key).is_boolean()) return value(key).get<bool>();
  expected(key, "true or false");
  return fallback;
}

std::string FactReader::word(const char* key, const std::string& fallback) {
  if (!has(key)) return fallback;
  if (value(key).is_string()) return value(key).get<std::string>();
  expected(key, "a word");
  return fallback;
}

std::string FactReader::word_of(std::initializer_list<const char*> names, const std::string& fallback) {
  std::string first;
  for (const char* name : names) {
    if (has(name) && first.empty()) first = word(name, "");
  }
  return first.empty() ? fallback : first;
}

double FactReader::number(const char* key, double fallback) {
  if (!has(key)) return fallback;
  if (value(key).is_number() && value(key).get<double>() > 0 && value(key).get<double>() < 1e9)
    return value(key).get<double>();
  expected(key, "a positive number");
  return fallback;
}

std::uint64_t FactReader::required_of(std::initializer_list<const char*> names) {
  const char* first = nullptr;
  for (const char* name : names) {
    if (has(name) && first == nullptr) first = name;
  }
  return required(first != nullptr ? first : *names.begin());
}

std::uint64_t FactReader::read(const char* key, std::uint64_t fallback, bool must) {
  if (!has(key)) {
    if (must) missing(key, "a positive integer");
    return fallback;
  }
  const std::uint64_t most = largest(key);
  const nlohmann::json& v = value(key);
  if (v.is_number_integer() && v.get<std::int64_t>() > 0 && v.get<std::uint64_t>() <= most)
    return v.get<std::uint64_t>();
  expected(key, "a positive integer, at most " + std::to_string(most));
  return fallback;
}

std::vector<std::string> FactReader::words(const char* key) {
  std::vector<std::string> list;
  if (!has(key)) return list;
  const nlohmann::json& v = value(key);
  if (!v.is_array()) expected(key, "a list of words");
  if (!v.is_array()) return list;
  for (std::size_t i = 0; i < v.size(); ++i) {
    if (v[i].is_string()) {
      list.push_back(v[i].get<std::string>());
    } else {
      fail_at(pointer(key) + "/" + std::to_string(i), "'" + v[i].dump() + "'; expected a word");
    }
  }
  return list;
}

std::vector<std::uint64_t> FactReader::numbers(const char* key) {
  std::vector<std::uint64_t> list;
  if (!has(key)) return list;
  const nlohmann::json& v = value(key);
  if (!v.is_array()) expected(key, "a list of whole numbers");
  if (!v.is_array()) return list;
  for (std::size_t i = 0; i < v.size(); ++i) {
    const bool fits = v[i].is_number_integer() && v[i].get<std::int64_t>() >= 0 &&
                      v[i].get<std::uint64_t>() <= largest(key);
    list.push_back(fits ? v[i].get<std::uint64_t>() : 0);
    if (!fits)
      fail_at(pointer(key) + "/" + std::to_string(i),
              "'" + v[i].dump() + "'; expected a whole number of at most " + std::to_string(largest(key)));
  }
  return list;
}

const nlohmann::json& FactReader::part(const char* key) {
  static const nlohmann::json nothing;
  return has(key) ? value(key) : nothing;
}

void FactReader::ignore(std::initializer_list<const char*> keys) {
  for (const char* key : keys) read_.insert(pointer(key));
}

void FactReader::refuse_unread_in(const nlohmann::json& object, const std::string& prefix,
                                  const std::string& type) {
  for (const auto& [key, value] : object.items()) {
    const std::string at = prefix + "/" + key;
    if (read_.count(at) != 0 || says_nothing(value)) continue;
    if (value.is_object() && ends_with(key, "_config") && key != "quantization_config") {
      omitted_.push_back(key);
    } else if (prefix.empty() && nested_ && key != "quantization_config") {
      continue;  // of the parts around the text model
    } else if (bears_on_work(key)) {
      fail_at(at, "'" + key + "' is not read for model type '" + type +
                      "', and bears on shape, bytes or work by its name: not modelled");
    }
  }
}

void FactReader::refuse_unread(const std::string& type) {
  refuse_unread_in(document_.root(), "", type);
  if (nested_) refuse_unread_in(*root_, prefix_, type);
}

}  // namespace orrery
