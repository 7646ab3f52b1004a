// What is missing, before a run says it.

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "sim/config/arch_loader.h"
#include "sim/config/name_lookup.h"
#include "sim/describe/json_schema.h"
#include "sim/engine/isolate.h"
#include "sim/engine/kernel_run.h"
#include "sim/report/plot_file.h"
#include "sim/report/text_table.h"
#include "sim/report/vega_library.h"
#include "sim/study/catalogue.h"
#include "sim/study/model_version.h"
#include "sim/util/data_home.h"
#include "sim/util/errors.h"
#include "sim/util/outside_program.h"
#include "sim/workload/standalone_operator.h"
#include "tools/orrery/commands.h"
#include "tools/orrery/options.h"
#include "tools/orrery/output.h"

namespace orrery {
namespace {

using nlohmann::ordered_json;

struct Check {
  const char* what;
  bool needed;
  std::function<std::string()> look;  // what was found; throws what is wrong
};

// `found`, a path; throws where it is none.
std::string expect_found(const std::string& found, const char* program) {
  if (found.empty()) throw ConfigError("", std::string("no ") + program + " on PATH");
  return found;
}

std::vector<Check> checks() {
  return {
      {"data", true,
       [] {
         const std::filesystem::path home = data_home();
         if (!std::filesystem::is_directory(home / "arch_configs") ||
             !std::filesystem::is_directory(home / "traces"))
           throw ConfigError("", "no arch_configs/ and traces/ in " + home.string() + "; set ORRERY_HOME");
         return home.string();
       }},
      {"schemas", true,
       [] {
         for (const std::string& name : schema_names()) json_schema(schema_named(name).shape, name);
         return fmt::format("{} read", schema_names().size());
       }},
      {"machines", true,
       [] {
         for (const std::string& name : arch_names()) load_arch_named(name);
         return fmt::format("{} valid", arch_names().size());
       }},
      {"simulation", true,
       [] {
         const auto kernel = [] {
           const ArchSpec arch = load_arch_named("asic/edge-npu");
           const Operator op = standalone_matmul({1, 64, 64, 64}, arch.execution.default_dtype);
           return si(run_kernel(op, arch, {}).latency_s, "s");
         };
         return "64 x 64 x 64 on asic/edge-npu in " + run_isolated({kernel}, 1).front();
       }},
      {"temporary files", true,
       [] {
         const std::filesystem::path folder = std::filesystem::temp_directory_path();
         if (access(folder.c_str(), W_OK) != 0)
           throw ConfigError("", folder.string() + " cannot be written to");
         return folder.string();
       }},
      {"searches (NSGA-II)", false,
       [] {
         const std::filesystem::path library =
             std::filesystem::read_symlink("/proc/self/exe").parent_path() / "liborrery_nsga2.so";
         if (!std::filesystem::exists(library)) throw ConfigError("", library.string() + " is not there");
         return library.string();
       }},
      {"plots and reports (Vega)", false,
       [] { return fmt::format("{} bytes of script", vega_script().size()); }},
      {"plots as SVG (Node.js)", false, [] { return expect_found(node_program(), "node"); }},
      {"pages as PDF (Chromium)", false, [] { return expect_found(browser_program(), "chromium"); }},
      {"Slurm (sweep submit)", false, [] { return expect_found(program_on_path({"sbatch"}), "sbatch"); }}};
}

}  // namespace

int doctor_command(const Arguments& arguments) {
  po::options_description options("Options");
  add_format(options);
  const ParsedOptions parsed = parse_options(
      arguments, options,
      "orrery doctor\nWhether this installation has what it needs. Exit 1 where something is missing "
      "that every run needs.",
      "  orrery doctor\n");
  if (parsed.help) return 0;
  const OutputFormat format = format_from(parsed.values);
  std::vector<ordered_json> rows = {{{"check", "version"},
                                     {"state", "ok"},
                                     {"found", fmt::format("{}, model {}", kVersionName, kModelVersion)}}};
  bool whole = true;
  for (const Check& check : checks()) {
    ordered_json row = {{"check", check.what}, {"state", "ok"}};
    try {
      row["found"] = check.look();
    } catch (const std::exception& error) {
      row["state"] = check.needed ? "missing" : "not there";
      row["found"] = error.what();
      whole = whole && !check.needed;
    }
    rows.push_back(row);
  }
  print_result(format, rows, [&] {
    std::string text;
    for (const ordered_json& row : rows)
      text += fmt::format("{:<22} {:<10} {}\n", row["check"].get<std::string>(),
                          row["state"].get<std::string>(), row["found"].get<std::string>());
    return text;
  });
  return whole ? 0 : 1;
}

}  // namespace orrery
