#pragma once
// Software stacks (arch_configs/runtimes, schema orrery/runtime/1).

#include <string>
#include <vector>

#include "sim/config/open_document.h"
#include "sim/config/runtime_spec.h"

namespace orrery {

template <>
const Table& table_of<RuntimeSpec>();

inline constexpr DocumentKind kRuntime = {"orrery/runtime/1", "runtime", "runtimes", &table_of<RuntimeSpec>};

std::vector<std::string> runtime_names();

// A runtime by name (case ignored) or path. Throws ConfigError.
RuntimeSpec load_runtime(const std::string& name);
ConfigDocument load_runtime_document(const std::string& name);
RuntimeSpec build_runtime(const ConfigDocument& document);

// The preset of a product at a version: the last that begins no later. The version is a number ("0.15.1"), or
// words with a date ("nightly 2026-02"); without either the newest counts. Throws ConfigError: no such
// product.
std::string runtime_of(const std::string& product, const std::string& version);

}  // namespace orrery
