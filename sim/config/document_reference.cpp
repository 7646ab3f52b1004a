#include "sim/config/document_reference.h"

#include <algorithm>

#include "sim/util/nearest_name.h"

namespace orrery {

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string referenced_name(const nlohmann::json& reference) {
  if (!reference.is_string()) return reference.value("name", "inline");
  const std::filesystem::path path = reference.get<std::string>();
  return path.extension() == ".yaml" ? path.stem().string() : path.string();
}

ConfigDocument referenced_document(const nlohmann::json& reference, const std::filesystem::path& folder,
                                   const std::string& what, const std::string& where) {
  if (!reference.is_string()) return ConfigDocument::of(reference, referenced_name(reference));
  const auto name = reference.get<std::string>();
  const bool is_path = std::filesystem::path(name).extension() == ".yaml";
  const std::filesystem::path path = is_path ? std::filesystem::path(name) : folder / (name + ".yaml");
  if (!std::filesystem::exists(path))
    throw ConfigError(where, "no " + what + " '" + name + "'" +
                                 (is_path ? " beside this file" : did_you_mean(name, names_in(folder))));
  return ConfigDocument::load(path);
}

}  // namespace orrery
