#include "sim/config/runtime_loader.h"

#include <algorithm>
#include <filesystem>

#include "sim/config/document_reader.h"
#include "sim/config/document_reference.h"
#include "sim/config/schema_validation.h"
#include "sim/util/data_home.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

std::filesystem::path folder() {
  return data_home() / "arch_configs" / "runtimes";
}

}  // namespace

std::vector<std::string> runtime_names() {
  return names_in(folder());
}

ConfigDocument load_runtime_document(const std::string& name) {
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const bool is_path = std::filesystem::path(name).extension() == ".yaml";
  ConfigDocument document = referenced_document(is_path ? name : lower, folder(), "runtime", "");
  validate_as(document, "orrery/runtime/1");
  if (const auto unused = document.unused_sources(); !unused.empty()) throw ConfigError(unused);
  return document;
}

RuntimeSpec load_runtime(const std::string& name) {
  return build_runtime(load_runtime_document(name));
}

RuntimeSpec build_runtime(const ConfigDocument& document) {
  const nlohmann::json& r = document.root();
  RuntimeSpec spec;
  spec.name = r.at("name").get<std::string>();
  spec.call_us = number(r, "call_us");
  spec.least_call_us = number(r, "least_call_us");
  if (r.contains("framework_operators")) {
    const nlohmann::json& f = r["framework_operators"];
    spec.framework_call_us = number(f, "call_us");
    spec.framework_least_call_us = number(f, "least_call_us");
    spec.framework_operators = f.at("names").get<std::vector<std::string>>();
  }
  spec.kernel_gap_us = number(r, "kernel_gap_us");
  spec.step_us = number(r, "step_us");
  spec.sequence_us = number(r, "sequence_us");
  spec.kv_memory_fraction = number(r, "kv_memory_fraction");
  spec.token_budget = r.value("token_budget", spec.token_budget);
  spec.preempts = r.value("preempts", false);
  return spec;
}

}  // namespace orrery
