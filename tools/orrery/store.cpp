#include <fmt/format.h>

#include <iostream>

#include "sim/report/text_table.h"
#include "sim/study/kernel_store.h"
#include "tools/orrery/options.h"
#include "tools/orrery/output.h"

namespace orrery {
namespace {

const char* const kStoreUsage =
    "orrery store status|prune [--all] [--format F]\n"
    "Kernels that were simulated are kept on disk, and taken from there when the same build meets the same\n"
    "kernel on a machine of the same timing. The file is $ORRERY_STORE, or orrery/kernels.db in\n"
    "$XDG_CACHE_HOME or ~/.cache; ORRERY_STORE=off or --no-store goes without. prune drops kernels of other\n"
    "builds, with --all every one. What options of cost scenarios serve is kept there too.";
const char* const kStoreExamples =
    "  orrery store status\n"
    "  orrery store prune\n"
    "  ORRERY_STORE=/scratch/kernels.db orrery store status --format json\n";

int status(OutputFormat format) {
  const KernelStoreStatus s = KernelStore(kernel_store_path()).status();
  const nlohmann::ordered_json result = {{"path", s.path},
                                         {"kernels", s.kernels},
                                         {"kernels_of_this_build", s.kernels_of_this_build},
                                         {"answers", s.answers},
                                         {"bytes", s.bytes}};
  print_result(format, result, [&] {
    return format_table({{"file", s.path},
                         {"kernels", grouped(s.kernels)},
                         {"  of this build", grouped(s.kernels_of_this_build)},
                         {"answers of cost", grouped(s.answers)},
                         {"size", si(static_cast<double>(s.bytes), "B")}});
  });
  return 0;
}

}  // namespace

int store_command(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()("action", po::value<std::string>()->required()->value_name("ACTION"),
                        "status or prune (may stand alone)")(
      "all", "prune: every kernel, not only those of other builds");
  add_format(options);
  const ParsedOptions parsed = parse_options(arguments, options, kStoreUsage, kStoreExamples, "action");
  if (parsed.help) return 0;
  const auto format = format_from(parsed.values);
  const auto action = parsed.values["action"].as<std::string>();
  if (action == "status") return status(format);
  if (action != "prune") throw UsageError("'" + action + "' is neither status nor prune");
  const std::uint64_t dropped = KernelStore(kernel_store_path()).prune(parsed.values.count("all") != 0);
  std::cout << fmt::format("{} kernels dropped\n", grouped(dropped));
  return 0;
}

}  // namespace orrery
