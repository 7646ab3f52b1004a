#pragma once
// Subcommands of `orrery sweep`.

#include "sim/study/sweep_spec.h"
#include "tools/orrery/options.h"

namespace orrery {

// A command line that names a sweep and, among its arguments, keys to change for all points ("KEY=VALUE").
struct SweepArguments {
  ParsedOptions parsed;
  std::vector<std::string> overrides;
  SweepSpec spec() const { return load_sweep(parsed.values["sweep"].as<std::string>(), overrides); }
};
// Adds the sweep itself to `options`.
SweepArguments parse_sweep(const Arguments& arguments, po::options_description options,
                           const std::string& usage, const std::string& examples);

// --db --sweep
po::options_description result_store_options();
// A value as a cell of a table: a text without its quotes, nothing for null.
std::string in_a_cell(const nlohmann::json& value);
// --where can be read. Throws ConfigError.
void check_conditions(const std::vector<std::string>& conditions);

int sweep_run_command(const Arguments& arguments);
int sweep_retry_command(const Arguments& arguments);
int sweep_status_command(const Arguments& arguments);
int sweep_export_command(const Arguments& arguments);
int sweep_pareto_command(const Arguments& arguments);
int sweep_merge_command(const Arguments& arguments);
int sweep_diff_command(const Arguments& arguments);
int sweep_submit_command(const Arguments& arguments);

}  // namespace orrery
