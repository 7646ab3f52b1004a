#include "sim/config/open_document.h"

#include <algorithm>
#include <fstream>

#include "sim/config/name_lookup.h"
#include "sim/describe/check.h"
#include "sim/util/data_home.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

// Folders may hold several kinds: a file's first lines say which it is of.
bool is_of(const std::filesystem::path& file, const DocumentKind& kind) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("schema:", 0) == 0) return line.find(kind.schema) != std::string::npos;
  }
  return false;
}

bool is_path(const std::string& name) {
  return std::filesystem::path(name).extension() == ".yaml";
}

std::filesystem::path file_of(const std::string& name, const DocumentKind& kind, const std::string& where) {
  if (is_path(name)) {
    if (std::filesystem::exists(name)) return name;
    throw ConfigError(where, std::string("no ") + kind.what + " '" + name + "' beside this file");
  }
  const std::filesystem::path plain = catalogue_path(name, kind);
  if (!name.empty() && std::filesystem::exists(plain)) return plain;
  const std::vector<std::string> names = names_of(kind);
  const std::string wanted = lower_case(name);
  for (const std::string& known : names) {
    if (lower_case(known) == wanted) return catalogue_path(known, kind);
  }
  throw ConfigError(where, std::string("no ") + kind.what + " '" + name + "'" + did_you_mean(wanted, names));
}

void throw_findings(const ConfigDocument& document, std::vector<Diagnostic> found,
                    const std::vector<Finding>& findings) {
  for (const Finding& f : findings) found.push_back(document.diagnostic(f.pointer, f.message));
  if (!found.empty()) throw ConfigError(found);
}

}  // namespace

std::filesystem::path catalogue_path(const std::string& name, const DocumentKind& kind) {
  return data_home() / "arch_configs" / kind.folder / (name + ".yaml");
}

std::vector<std::string> names_of(const DocumentKind& kind) {
  std::vector<std::string> names;
  const std::filesystem::path folder = data_home() / "arch_configs" / kind.folder;
  if (!std::filesystem::exists(folder)) return names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (is_of(entry.path(), kind)) names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

ConfigDocument open_document(const nlohmann::json& reference, const DocumentKind& kind,
                             const std::string& where) {
  if (!reference.is_string()) return ConfigDocument::of(reference, referenced_name(reference));
  ConfigDocument document = ConfigDocument::load(file_of(reference.get<std::string>(), kind, where));
  expect_kind(document, kind);
  return document;
}

std::string referenced_name(const nlohmann::json& reference) {
  if (!reference.is_string()) return reference.value("name", "inline");
  const std::filesystem::path path = reference.get<std::string>();
  return path.extension() == ".yaml" ? path.stem().string() : path.string();
}

void expect_kind(const ConfigDocument& document, const DocumentKind& kind) {
  if (document.validated()) return;
  if (!document.root().is_object() || !document.root().contains("schema")) {
    throw ConfigError(document.where(""),
                      std::string("missing key 'schema' (expected schema: ") + kind.schema + ")");
  }
  const nlohmann::json& name = document.root()["schema"];
  if (name != kind.schema) {
    throw ConfigError(document.where("/schema"), "'schema' is " + name.dump() + "; expected " + kind.schema);
  }
  const std::vector<Finding> findings = check(kind.table(), document.root());
  throw_findings(document, findings.empty() ? document.unused_sources() : std::vector<Diagnostic>{},
                 findings);
}

void expect_keys(const ConfigDocument& document, const Table& table) {
  throw_findings(document, {}, check(table, document.root()));
}

}  // namespace orrery
