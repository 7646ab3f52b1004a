#pragma once
// Reads the facts of a config.json and collects what is missing or wrong.

#include <string>
#include <vector>

#include "sim/config/config_document.h"

namespace orrery {

class DimensionReader {
 public:
  explicit DimensionReader(const ConfigDocument& document) : document_(document), root_(document.root()) {}

  // A positive integer; what is wrong with it is collected, and `fallback` or 0 stands in.
  std::uint64_t required(const char* key) { return read(key, 0, true); }
  std::uint64_t optional(const char* key, std::uint64_t fallback) { return read(key, fallback, false); }
  bool has(const char* key) const { return root_.contains(key) && !root_[key].is_null(); }
  // true or false, or a word; null is as good as nothing.
  bool flag(const char* key, bool fallback);
  std::string word(const char* key, const std::string& fallback);

  void fail(const std::string& pointer, const std::string& message) {
    errors_.push_back(document_.diagnostic(pointer, message));
  }
  // Throws ConfigError with all that was found.
  void finish() const;
  bool good() const { return errors_.empty(); }

 private:
  const ConfigDocument& document_;
  const nlohmann::json& root_;
  std::vector<Diagnostic> errors_;

  std::uint64_t read(const char* key, std::uint64_t fallback, bool must);
};

}  // namespace orrery
