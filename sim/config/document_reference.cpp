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
  return reference.is_string() ? reference.get<std::string>() : reference.value("name", "inline");
}

ConfigDocument referenced_document(const nlohmann::json& reference, const std::filesystem::path& folder,
                                   const std::string& what, const std::string& where) {
  const std::string name = referenced_name(reference);
  if (!reference.is_string()) return ConfigDocument::of(reference, name);
  const bool is_path = std::filesystem::path(name).extension() == ".yaml";
  const std::filesystem::path path = is_path ? std::filesystem::path(name) : folder / (name + ".yaml");
  if (!std::filesystem::exists(path))
    throw ConfigError(where, "no " + what + " '" + name + "'" + did_you_mean(name, names_in(folder)));
  return ConfigDocument::load(path);
}

}  // namespace orrery
