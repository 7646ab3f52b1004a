#pragma once
// Reads the facts of a config.json: collects what is missing or wrong, and knows which keys nobody read.

#include <initializer_list>
#include <set>
#include <string>
#include <vector>

#include "sim/config/config_document.h"

namespace orrery {

class FactReader {
 public:
  explicit FactReader(const ConfigDocument& document);

  // A reader of the object at `key`; `take` hears from it what is wrong there and which keys nobody read.
  FactReader inside(const char* key);
  void take(FactReader inner, const std::string& type);
  bool is_object(const char* key) const { return has(key) && value(key).is_object(); }
  bool is_string(const char* key) const { return has(key) && value(key).is_string(); }
  std::vector<std::string> keys() const;  // of this object

  // Goes on in the object at `key` (text_config): its keys count from here on, and of the outer ones what is
  // said of the whole model (architectures, tie_word_embeddings) where it does not say it itself.
  void enter(const char* key);

  // There, and not null.
  bool has(const char* key) const;
  // A positive integer; what is wrong with it is collected, and `fallback` or 0 stands in.
  std::uint64_t required(const char* key) { return read(key, 0, true); }
  std::uint64_t optional(const char* key, std::uint64_t fallback) { return read(key, fallback, false); }
  // Under the first of these names that is there; without any, the first is missing.
  std::uint64_t required_of(std::initializer_list<const char*> names);
  // A positive number.
  double number(const char* key, double fallback);
  // true or false, or a word; null is as good as nothing.
  bool flag(const char* key, bool fallback);
  std::string word(const char* key, const std::string& fallback);
  std::string word_of(std::initializer_list<const char*> names, const std::string& fallback);
  // A whole number of this range.
  std::int64_t whole(const char* key, std::int64_t fallback, std::int64_t least, std::int64_t most);
  // A list of words, of whole numbers; empty where there is none.
  std::vector<std::string> words(const char* key);
  std::vector<std::uint64_t> numbers(const char* key);
  // An object or a list that is read elsewhere.
  const nlohmann::json& part(const char* key);
  std::string pointer(const char* key) const { return prefix_ + "/" + key; }

  // Keys of this type that change nothing here.
  void ignore(std::initializer_list<const char*> keys);

  void fail(const char* key, const std::string& message) { fail_at(pointer(key), message); }
  void fail_at(const std::string& pointer, const std::string& message) {
    errors_.push_back(document_.diagnostic(pointer, message));
  }
  // Keys that bear on shape, bytes or work and that nobody read are wrong, too; `type` names the model type.
  void refuse_unread(const std::string& type);
  // Throws ConfigError with all that was found.
  void finish() const;
  bool good() const { return errors_.empty(); }
  // Objects of the file that describe other parts of the model (vision, audio): not modelled.
  const std::vector<std::string>& omitted() const { return omitted_; }

 private:
  const ConfigDocument& document_;
  const nlohmann::json* root_;
  std::string prefix_;   // of pointers
  bool nested_ = false;  // entered an object of the whole file
  std::vector<Diagnostic> errors_;
  mutable std::set<std::string> read_;  // pointers
  std::vector<std::string> omitted_;

  std::uint64_t read(const char* key, std::uint64_t fallback, bool must);
  // The value of a key; null where there is none.
  const nlohmann::json& value(const char* key) const;
  void missing(const char* key, const char* what);
  void expected(const char* key, const std::string& what);
  void refuse_unread_in(const nlohmann::json& object, const std::string& prefix, const std::string& type);
};

}  // namespace orrery
