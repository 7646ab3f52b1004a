// orrery sweep: runs a sweep (sweep_run.cpp); its subcommands read and mend result stores (sweep_store.cpp)
// and hand sweeps to a cluster (sweep_submit.cpp).

#include "tools/orrery/sweep_commands.h"

#include <algorithm>
#include <filesystem>

#include "sim/study/configuration_key.h"

namespace orrery {

SweepArguments parse_sweep(const Arguments& arguments, po::options_description options,
                           const std::string& usage, const std::string& examples) {
  SweepArguments a;
  Arguments rest;
  for (const std::string& argument : arguments) {
    const std::size_t equals = argument.find('=');
    const std::string key = argument.substr(0, std::min(equals, argument.find('.')));
    const bool named = argument.find('.') < equals || is_part(key);
    const bool change = equals != std::string::npos && argument.compare(0, 1, "-") != 0 && named &&
                        !std::filesystem::exists(argument);
    (change ? a.overrides : rest).push_back(argument);
  }
  options.add_options()("sweep", po::value<std::string>()->required()->value_name("SWEEP"),
                        "a name or a YAML file (may stand alone)");
  a.parsed = parse_options(rest, options, usage, examples, "sweep");
  return a;
}

int sweep_command(const Arguments& arguments) {
  struct Subcommand {
    const char* name;
    int (*run)(const Arguments&);
  };
  const std::vector<Subcommand> subcommands = {
      {"status", sweep_status_command}, {"export", sweep_export_command}, {"pareto", sweep_pareto_command},
      {"merge", sweep_merge_command},   {"retry", sweep_retry_command},   {"diff", sweep_diff_command},
      {"submit", sweep_submit_command}};
  if (!arguments.empty()) {
    for (const Subcommand& s : subcommands) {
      if (arguments[0] == s.name) return s.run(Arguments(arguments.begin() + 1, arguments.end()));
    }
  }
  return sweep_run_command(arguments);
}

}  // namespace orrery
