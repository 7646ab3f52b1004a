#pragma once
// A YAML (or JSON) file as JSON values that remember where they were written. Plain scalars are typed by the
// YAML 1.2 core schema; a duplicate key is an error (yaml-cpp accepts it silently); `base: other.yaml` is
// resolved (mappings merge key by key, lists whose items carry a `kind` merge item by item, other lists are
// replaced, and so are `rates`: which formats a machine has is said whole); a number in long form {value,
// source, grade, ...} becomes the number plus its provenance. What a file says under `sources:` covers the
// numbers it gives; those of its base keep their own sources unless one is named in full.

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/config/source_position.h"
#include "sim/util/errors.h"
#include "sim/util/key_path.h"

namespace orrery {

// Where a number comes from. `grade` is datasheet|measured|recalled|calibrated|derived|design ("" = none
// given).
struct Provenance {
  std::string pointer;  // JSON pointer of the number
  double value = 0;
  std::string source;
  std::string grade;
  std::string date;
  std::string currency;  // of a price
  std::optional<double> low, high;
};

class ConfigDocument {
 public:
  // Reads and resolves `path`. Throws ConfigError: missing file, syntax, duplicate key, base that cannot be
  // read.
  static ConfigDocument load(const std::filesystem::path& path);
  // The same from text; `name` stands for the file in messages and `base:` is resolved against its folder.
  static ConfigDocument parse(const std::string& text, const std::filesystem::path& name) {
    return parse(text, name, {});
  }

  // Values put together by a program that has validated their parts; `name` stands for the file.
  static ConfigDocument of(nlohmann::json root, const std::string& name);
  bool validated() const { return validated_; }

  // A value in place of another one, or anew; may be in long form. What the document says of the number that
  // stood there (currency, date) holds for a plain one too; its bounds do not.
  void set(const std::string& pointer, const nlohmann::json& value);

  // Another `name` than the file's.
  void rename(const std::string& name) { root_["name"] = name; }
  const nlohmann::json& root() const { return root_; }
  const std::filesystem::path& path() const { return path_; }

  // "file:line:column" of the value at `pointer`, or of its nearest existing ancestor.
  std::string where(const std::string& pointer) const;
  Diagnostic diagnostic(const std::string& pointer, const std::string& message) const {
    return {where(pointer), message};
  }

  // What a number's long form says, or null when it was written plain.
  const Provenance* long_form(const std::string& pointer) const;

  // Keys of `sources:` below which no number lies (misspelt, most likely).
  std::vector<Diagnostic> unused_sources() const;

  // Every number of the document with its provenance, in document order.
  std::vector<Provenance> provenance() const;

 private:
  // `derived` are the files whose base this one is, to find cycles.
  static ConfigDocument load(const std::filesystem::path& path, std::vector<std::string> derived);
  static ConfigDocument parse(const std::string& text, const std::filesystem::path& name,
                              std::vector<std::string> derived);

  nlohmann::json root_;
  bool validated_ = false;
  std::filesystem::path path_;
  std::map<std::string, SourcePosition> positions_;
  std::map<std::string, Provenance> long_form_;

  std::vector<std::string> sources_of_nothing() const;
  void merge_under(const ConfigDocument& base);
  void keep_sources(const ConfigDocument& base, const nlohmann::json& own_sources);
  void merge_value(nlohmann::json& target, const nlohmann::json& base, const std::string& target_pointer,
                   const std::string& base_pointer, const ConfigDocument& base_document);
  void merge_kinded(nlohmann::json& target, const nlohmann::json& base, const std::string& target_pointer,
                    const std::string& base_pointer, const ConfigDocument& base_document);
  void copy_marks(const ConfigDocument& base, const std::string& from, const std::string& to);
  void unwrap_long_form(nlohmann::json& value, const std::string& pointer);
};

// What no result depends on: descriptions, sources, and the base that is merged in.
void drop_words(nlohmann::json& root);

}  // namespace orrery
