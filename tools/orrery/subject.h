#pragma once
// What a command runs: a machine and, where it needs them, a model, a software stack and a scenario, with the
// values that KEY=VALUE arguments set anew.

#include <optional>
#include <string>
#include <vector>

#include "sim/config/price_book.h"
#include "sim/config/technology.h"
#include "sim/workload/llm_spec.h"
#include "tools/orrery/scenario_options.h"

namespace orrery {

// KEY=VALUE arguments; parse_options takes them as `kPatches`.
inline constexpr const char* kPatches = "set";
po::options_description patch_options();

struct Subject {
  ArchSpec arch;
  RuntimeSpec runtime;
  std::optional<LlmSpec> llm;  // none of a recorded stream, or of a kernel
  Scenario scenario;           // of the model
  Technology technology;       // this and prices for commands that have a runtime
  PriceBook prices;
};

// `archs`: machines' NAMEs; model, runtime, node and the scenario's options are read where the command has
// them. Throws ConfigError, UsageError.
std::vector<Subject> load_subjects(const std::vector<std::string>& archs, const po::variables_map& values);
Subject load_subject(const std::string& arch, const po::variables_map& values);

}  // namespace orrery
