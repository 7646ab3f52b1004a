// The command-line program: picks the subcommand and turns errors into messages and exit codes
// (0 ok, 1 a simulation failed, 2 usage or configuration).

#include <signal.h>

#include <array>
#include <iostream>
#include <map>
#include <sstream>

#include "sim/study/model_version.h"
#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"
#include "tools/orrery/commands.h"
#include "tools/orrery/manual.h"
#include "tools/orrery/options.h"

namespace orrery {
namespace {

struct Command {
  const char* name;
  const char* summary;
  int (*run)(const Arguments&);
};

constexpr std::array<Command, 18> kCommands = {{
    {"run", "one inference on one machine", run_command},
    {"compare", "the same inference on several machines, side by side", compare_command},
    {"kernel", "one operator on one machine", kernel_command},
    {"serve", "requests served by a model on its machines: latencies, goodput, energy", serve_command},
    {"train", "one iteration of training a model", train_command},
    {"probe", "micro-benchmarks of DRAM, networks, on-chip memories and links", probe_command},
    {"validate", "simulate measured rows and show the errors", validate_command},
    {"cost", "what serving costs: prices, ownership, break-even, and how sure that is", cost_command},
    {"plan", "how many of which machines to buy for a demand and latency targets", plan_command},
    {"explain", "what binds an inference, and what each resource is worth", explain_command},
    {"report", "saved results as a page: verdict, splits, roofline, expected errors", report_command},
    {"sweep", "thousands of design points: run, resume, export, Pareto front, differences", sweep_command},
    {"trace", "write and inspect operator streams", trace_command},
    {"list", "machines, models, operators, formats and schemas by name", list_command},
    {"check", "validate a file without running anything", check_command},
    {"schema", "print a JSON Schema", schema_command},
    {"store", "kernels that were simulated before, on disk", store_command},
    {"doctor", "whether this installation has what it needs", doctor_command},
}};

void print_help() {
  std::cout
      << "orrery: a cycle-approximate simulator of LLM accelerators\n\nusage: orrery COMMAND [options]\n\n";
  for (const Command& c : kCommands) {
    std::cout << "  " << c.name << std::string(10 - std::string(c.name).size(), ' ') << c.summary << '\n';
  }
  std::cout << "\n'orrery help COMMAND' explains each, with examples; 'orrery help --man', '--bash' and\n"
               "'--zsh' print a manual page and completions. Exit codes: 0 ok, 1 a simulation failed,\n"
               "2 usage or configuration.\n";
}

int dispatch(const Arguments& arguments);

// What a command says of its options.
nlohmann::ordered_json options_of(const Arguments& command) {
  std::ostringstream told;
  std::streambuf* const screen = std::cout.rdbuf(told.rdbuf());
  Arguments asked = command;
  asked.emplace_back(kDescribe);
  dispatch(asked);
  std::cout.rdbuf(screen);
  return nlohmann::ordered_json::parse(told.str());
}

std::vector<DescribedCommand> described_commands() {
  const std::map<std::string, std::vector<std::string>> below = {
      {"probe", {"dram", "noc", "sram", "collective"}},
      {"trace", {"make", "show"}},
      {"sweep", {"status", "export", "pareto", "merge", "retry", "diff", "submit"}}};
  std::vector<DescribedCommand> all;
  for (const Command& c : kCommands) {
    const auto subcommands = below.find(c.name);
    // What is only a choice of subcommands has no options of its own.
    if (subcommands == below.end() || std::string(c.name) == "sweep")
      all.push_back({c.name, c.summary, options_of({c.name})});
    if (subcommands == below.end()) continue;
    for (const std::string& sub : subcommands->second)
      all.push_back({c.name + (" " + sub), "", options_of({c.name, sub})});
  }
  return all;
}

// orrery help --man|--bash|--zsh, for who installs it.
int print_generated(const std::string& what) {
  if (what == "--man") std::cout << manual_page(described_commands(), kVersionName);
  if (what == "--bash") std::cout << bash_completion(described_commands());
  if (what == "--zsh") std::cout << zsh_completion(described_commands());
  return 0;
}

int dispatch(const Arguments& arguments) {
  if (arguments.empty()) {
    print_help();
    return 2;
  }
  const bool asks = arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help";
  if (asks && arguments.size() == 2 &&
      (arguments[1] == "--man" || arguments[1] == "--bash" || arguments[1] == "--zsh"))
    return print_generated(arguments[1]);
  if (asks && arguments.size() > 1) return dispatch({arguments[1], "--help"});
  if (asks) {
    print_help();
    return 0;
  }
  if (arguments[0] == "--version") {
    std::cout << "orrery " << kVersionName << '\n';
    return 0;
  }
  std::vector<std::string> names;
  for (const Command& c : kCommands) {
    if (arguments[0] == c.name) return c.run(Arguments(arguments.begin() + 1, arguments.end()));
    names.emplace_back(c.name);
  }
  throw UsageError("unknown command '" + arguments[0] + "'" + did_you_mean(arguments[0], names));
}

}  // namespace
}  // namespace orrery

int main(int argc, char** argv) {
  // A file that may not grow is a full disk: whoever writes says so.
  signal(SIGXFSZ, SIG_IGN);
  try {
    const int code = orrery::dispatch(orrery::Arguments(argv + 1, argv + argc));
    std::cout.flush();
    if (!std::cout) {
      std::cerr << "orrery: writing the result failed (is the disk full?)\n";
      return 1;
    }
    return code;
  } catch (const orrery::UsageError& error) {
    std::cerr << "orrery: " << error.what() << '\n';
    return 2;
  } catch (const orrery::ConfigError& error) {
    std::cerr << "orrery: " << error.what() << '\n';
    return 2;
  } catch (const orrery::SimulationError& error) {
    std::cerr << "orrery: " << error.what() << '\n';
    return 1;
  } catch (const std::exception& error) {
    std::cerr << "orrery: internal error: " << error.what() << '\n';
    return 1;
  }
}
