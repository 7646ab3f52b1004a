#include "sim/config/config_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sim/config/yaml_reader.h"
#include "sim/util/data_home.h"
#include "sim/util/text_file.h"

namespace orrery {
namespace {

using nlohmann::json;

bool is_long_form(const json& value) {
  static const std::set<std::string> kKeys = {"value", "source", "grade", "date", "low", "high", "currency"};
  if (!value.is_object() || !value.contains("value")) return false;
  for (const auto& [key, ignored] : value.items()) {
    if (kKeys.find(key) == kKeys.end()) return false;
  }
  return true;
}

// A mapping that a derived file says whole: a chip has the formats it lists, not those of the chip before it.
constexpr const char* kAbilities = "rates";

// What a derived file says in other words than its base: memory in stacks instead of channels, a ring in
// short instead of protocols and algorithms, a process and with it another die.
bool says_otherwise(const json& own, const std::string& key) {
  if (key == "die_mm2" || key == "area") return own.contains("process_nm");
  if (key == "channels") return own.contains("stacks");
  if (key == "stacks") return own.contains("channels");
  if (key != "protocols" && key != "algorithms") return false;
  return own.contains("link") && own["link"].is_object() && own["link"].contains("kind");
}

// A source that speaks of another document; of the first one, where it was handed on before.
std::string as_of(const std::string& name, const std::string& source) {
  const std::size_t colon = source.find(": ");
  const bool handed_on =
      source.rfind("as ", 0) == 0 && colon != std::string::npos && source.find(' ', 3) > colon;
  return name.empty() || handed_on ? source : "as " + name + ": " + source;
}

bool is_kinded_list(const json& value) {
  if (!value.is_array() || value.empty()) return false;
  for (const json& item : value) {
    if (!item.is_object() || !item.contains("kind")) return false;
  }
  return true;
}

void collect_numbers(const json& value, const std::string& pointer,
                     std::vector<std::pair<std::string, double>>& out) {
  if (value.is_object()) {
    for (const auto& [key, item] : value.items()) collect_numbers(item, child_pointer(pointer, key), out);
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i)
      collect_numbers(value[i], child_pointer(pointer, std::to_string(i)), out);
  } else if (value.is_number()) {
    out.emplace_back(pointer, value.get<double>());
  }
}

// Files that a document names lie where it says, seen from where it is; other names are the catalogue's.
void find_beside(json& value, const std::filesystem::path& folder) {
  static const std::set<std::string> kFiles = {".yaml", ".json", ".jsonl", ".csv"};
  static const std::set<std::string> kWords = {"base", "description", "sources", "schema"};
  if (value.is_string()) {
    const std::filesystem::path path = value.get<std::string>();
    if (kFiles.find(path.extension().string()) == kFiles.end() || path.is_absolute()) return;
    const std::filesystem::path beside = (folder / path).lexically_normal();
    std::error_code ignored;
    if (std::filesystem::is_regular_file(beside, ignored)) value = beside.string();
  } else if (value.is_object()) {
    for (auto& [key, item] : value.items()) {
      if (kWords.find(key) == kWords.end()) find_beside(item, folder);
    }
  } else if (value.is_array()) {
    for (json& item : value) find_beside(item, folder);
  }
}

}  // namespace

ConfigDocument ConfigDocument::load(const std::filesystem::path& path) {
  return load(path, {});
}

ConfigDocument ConfigDocument::load(const std::filesystem::path& path, std::vector<std::string> derived) {
  return parse(read_text_file(path), path, std::move(derived));
}

void ConfigDocument::set(const std::string& pointer, const json& value) {
  json& place = root_[json::json_pointer(pointer)] = value;
  const auto said = long_form_.find(pointer);
  if (said != long_form_.end()) {
    said->second.low = said->second.high = std::nullopt;
    if (value.is_number()) said->second.value = value.get<double>();
  }
  unwrap_long_form(place, pointer);
}

ConfigDocument ConfigDocument::of(json root, const std::string& name) {
  ConfigDocument document;
  document.root_ = std::move(root);
  document.path_ = name;
  document.validated_ = true;
  return document;
}

ConfigDocument ConfigDocument::parse(const std::string& text, const std::filesystem::path& name,
                                     std::vector<std::string> derived) {
  ConfigDocument document;
  document.path_ = name;
  document.root_ = read_yaml(text, name, document.positions_);
  document.unwrap_long_form(document.root_, "");
  find_beside(document.root_, name.parent_path());
  if (document.root_.is_object() && document.root_.contains("base")) {
    const json base = document.root_["base"];
    if (!base.is_string()) throw ConfigError(document.where("/base"), "'base' names a file");
    // A path from where the file is, or a name of the catalogue ("gpu/h100-sxm").
    std::filesystem::path base_path = name.parent_path() / base.get<std::string>();
    const std::filesystem::path known = data_home() / "arch_configs" / (base.get<std::string>() + ".yaml");
    if (!std::filesystem::is_regular_file(base_path)) {
      if (!std::filesystem::is_regular_file(known))
        throw ConfigError(document.where("/base"),
                          "base file " + base_path.string() +
                              " does not exist, nor is it a name of arch_configs/ ('orrery list archs')");
      base_path = known;
    }
    derived.push_back(std::filesystem::weakly_canonical(name).string());
    const std::string base_name = std::filesystem::weakly_canonical(base_path).string();
    if (std::find(derived.begin(), derived.end(), base_name) != derived.end()) {
      throw ConfigError(document.where("/base"), "'base' leads back to " + base_path.string());
    }
    document.merge_under(load(base_path, derived));
  }
  return document;
}

void ConfigDocument::merge_under(const ConfigDocument& base) {
  root_.erase("base");
  const json own_sources = root_.is_object() ? root_.value("sources", json::object()) : json::object();
  merge_value(root_, base.root_, "", "", base);
  keep_sources(base, own_sources);
  // The base's own sources were checked with it; what they are of may be said otherwise here.
  for (const std::string& prefix : sources_of_nothing()) {
    if (!own_sources.contains(prefix)) root_["sources"].erase(prefix);
  }
}

// Numbers that came from the base (they stand in its file) take along what the base says of them.
void ConfigDocument::keep_sources(const ConfigDocument& base, const json& own_sources) {
  std::map<std::string, const Provenance*> of_place;
  const std::vector<Provenance> known = base.provenance();
  for (const Provenance& p : known) {
    if (!p.source.empty() || !p.grade.empty()) of_place[base.where(p.pointer)] = &p;
  }
  std::vector<std::pair<std::string, double>> numbers;
  collect_numbers(root_, "", numbers);
  for (const auto& [pointer, value] : numbers) {
    if (long_form_.count(pointer) != 0 || positions_.count(pointer) == 0) continue;
    if (own_sources.contains(key_path(pointer))) continue;
    const auto found = of_place.find(where(pointer));
    if (found == of_place.end()) continue;
    Provenance p = *found->second;
    p.pointer = pointer;
    p.source = as_of(base.root_.value("name", ""), p.source);
    long_form_[pointer] = p;
  }
}

void ConfigDocument::merge_value(json& target, const json& base, const std::string& target_pointer,
                                 const std::string& base_pointer, const ConfigDocument& base_document) {
  if (target.is_object() && base.is_object()) {
    const bool other_kind =
        target.contains("kind") && base.contains("kind") && target["kind"] != base["kind"];
    if (other_kind) return;           // another kind of thing shares no keys with the one it replaces
    std::set<std::string> elsewhere;  // before keys of the base's are added
    for (const auto& [key, ignored] : base.items()) {
      if (says_otherwise(target, key)) elsewhere.insert(key);
    }
    for (const auto& [key, value] : base.items()) {
      if (elsewhere.count(key) != 0) continue;
      const std::string to = child_pointer(target_pointer, key);
      const std::string from = child_pointer(base_pointer, key);
      if (!target.contains(key)) {
        target[key] = value;
        copy_marks(base_document, from, to);
      } else if (key != kAbilities) {
        merge_value(target[key], value, to, from, base_document);
      }
    }
  } else if (is_kinded_list(target) && is_kinded_list(base)) {
    merge_kinded(target, base, target_pointer, base_pointer, base_document);
  }
}

// The base's items in its order, each merged with the one of its kind; then the kinds only the derived list
// has.
void ConfigDocument::merge_kinded(json& target, const json& base, const std::string& target_pointer,
                                  const std::string& base_pointer, const ConfigDocument& base_document) {
  const json own = target;
  const ConfigDocument own_document = *this;  // for the marks of items that change places
  std::vector<bool> used(own.size(), false);
  target = json::array();
  for (auto it = positions_.lower_bound(target_pointer + "/"); it != positions_.end();) {
    if (it->first.compare(0, target_pointer.size() + 1, target_pointer + "/") != 0) break;
    long_form_.erase(it->first);
    it = positions_.erase(it);
  }
  const auto append = [&](const json& item, const std::string& from, const ConfigDocument& document) {
    const std::string to = child_pointer(target_pointer, std::to_string(target.size()));
    target.push_back(item);
    copy_marks(document, from, to);
    return to;
  };
  for (std::size_t i = 0; i < base.size(); ++i) {
    const std::string from = child_pointer(base_pointer, std::to_string(i));
    std::size_t match = 0;
    while (match < own.size() && own[match]["kind"] != base[i]["kind"]) ++match;
    if (match == own.size()) {
      append(base[i], from, base_document);
      continue;
    }
    used[match] = true;
    const std::string to =
        append(own[match], child_pointer(target_pointer, std::to_string(match)), own_document);
    merge_value(target.back(), base[i], to, from, base_document);
  }
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (!used[i]) append(own[i], child_pointer(target_pointer, std::to_string(i)), own_document);
  }
}

void ConfigDocument::copy_marks(const ConfigDocument& base, const std::string& from, const std::string& to) {
  const auto inside = [&from](const std::string& pointer) {
    return pointer.compare(0, from.size(), from) == 0 &&
           (pointer.size() == from.size() || pointer[from.size()] == '/');
  };
  for (auto it = base.positions_.lower_bound(from); it != base.positions_.end(); ++it) {
    if (it->first.compare(0, from.size(), from) != 0) break;
    if (inside(it->first)) positions_[to + it->first.substr(from.size())] = it->second;
  }
  for (auto it = base.long_form_.lower_bound(from); it != base.long_form_.end(); ++it) {
    if (it->first.compare(0, from.size(), from) != 0) break;
    if (inside(it->first)) {
      Provenance& copy = long_form_[to + it->first.substr(from.size())] = it->second;
      copy.pointer = to + it->first.substr(from.size());
    }
  }
}

void ConfigDocument::unwrap_long_form(json& value, const std::string& pointer) {
  if (is_long_form(value)) {
    Provenance p;
    p.pointer = pointer;
    if (value["value"].is_number()) p.value = value["value"].get<double>();
    // The key before its value is at fault, not the value that they are of.
    const auto refuse = [&](const std::string& key, const char* expected) {
      const std::string at = child_pointer(pointer, key);
      throw ConfigError(where(at),
                        fmt::format("'{}' is {}; expected {}", key_path(at), value[key].dump(), expected));
    };
    for (const auto& [key, text] : {std::pair{"source", &p.source}, std::pair{"grade", &p.grade},
                                    std::pair{"date", &p.date}, std::pair{"currency", &p.currency}}) {
      if (!value.contains(key)) continue;
      const bool year = std::string(key) == "date" && value[key].is_number_integer();
      if (!value[key].is_string() && !year) refuse(key, "a text");
      *text = year ? value[key].dump() : value[key].get<std::string>();
    }
    for (const auto& [key, bound] : {std::pair{"low", &p.low}, std::pair{"high", &p.high}}) {
      if (!value.contains(key)) continue;
      if (!value[key].is_number()) refuse(key, "a number");
      *bound = value[key].get<double>();
    }
    long_form_[pointer] = p;
    const json plain = value["value"];
    value = plain;
  } else if (value.is_object()) {
    for (auto& [key, item] : value.items()) unwrap_long_form(item, child_pointer(pointer, key));
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i)
      unwrap_long_form(value[i], child_pointer(pointer, std::to_string(i)));
  }
}

std::string ConfigDocument::where(const std::string& pointer) const {
  std::string at = pointer;
  while (true) {
    if (const auto it = positions_.find(at); it != positions_.end()) {
      const SourcePosition& p = it->second;
      return p.file + ":" + std::to_string(p.line) + ":" + std::to_string(p.column);
    }
    if (at.empty()) return path_.string();
    at = at.substr(0, at.rfind('/'));
  }
}

const Provenance* ConfigDocument::long_form(const std::string& pointer) const {
  const auto it = long_form_.find(pointer);
  return it == long_form_.end() ? nullptr : &it->second;
}

std::vector<std::string> ConfigDocument::sources_of_nothing() const {
  std::vector<std::string> unused;
  if (!root_.is_object() || !root_.contains("sources")) return unused;
  std::vector<std::pair<std::string, double>> numbers;
  collect_numbers(root_, "", numbers);
  std::vector<std::string> paths;
  for (const auto& [pointer, ignored] : numbers) paths.push_back(key_path(pointer));
  for (const auto& [prefix, ignored] : root_["sources"].items()) {
    const bool covers = std::any_of(paths.begin(), paths.end(), [&, &of = prefix](const std::string& path) {
      return path.compare(0, of.size(), of) == 0 && (path.size() == of.size() || path[of.size()] == '.');
    });
    if (!covers) unused.push_back(prefix);
  }
  return unused;
}

std::vector<Diagnostic> ConfigDocument::unused_sources() const {
  std::vector<Diagnostic> unused;
  for (const std::string& prefix : sources_of_nothing())
    unused.push_back(
        diagnostic(child_pointer("/sources", prefix), "source of '" + prefix + "', where no number is"));
  return unused;
}

std::vector<Provenance> ConfigDocument::provenance() const {
  std::vector<std::pair<std::string, double>> numbers;
  collect_numbers(root_, "", numbers);
  const json sources = root_.is_object() ? root_.value("sources", json::object()) : json::object();
  std::vector<Provenance> result;
  for (const auto& [pointer, value] : numbers) {
    if (pointer.compare(0, 9, "/sources/") == 0) continue;
    Provenance p;
    if (const auto it = long_form_.find(pointer); it != long_form_.end()) {
      p = it->second;
    } else {
      // The longest key of `sources:` that is a prefix of the number's key path covers it.
      const std::string path = key_path(pointer);
      std::size_t best = 0;
      for (const auto& [prefix, entry] : sources.items()) {
        const bool covers = path.compare(0, prefix.size(), prefix) == 0 &&
                            (path.size() == prefix.size() || path[prefix.size()] == '.');
        if (!covers || prefix.size() < best || !entry.is_object()) continue;
        best = prefix.size();
        p.source = entry.value("source", "");
        p.grade = entry.value("grade", "");
      }
    }
    p.pointer = pointer;
    p.value = value;
    result.push_back(p);
  }
  return result;
}

void drop_words(json& root) {
  for (const char* key : {"sources", "description", "base"}) root.erase(key);
}

}  // namespace orrery
