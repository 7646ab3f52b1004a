// `orrery probe`: the machine's micro-benchmarks, one row each, or a curve.

#include <iostream>

#include "sim/util/nearest_name.h"
#include "tools/orrery/probe_points.h"

namespace orrery {

int probe_command(const Arguments& arguments) {
  const Arguments rest(arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end());
  const std::string what = arguments.empty() ? "" : arguments[0];
  if (what == "dram") return probe_dram(rest);
  if (what == "noc") return probe_noc(rest);
  if (what == "sram") return probe_sram(rest);
  if (what == "collective") return probe_collective(rest);
  const ProbeHelp* const kKinds[] = {&kDramProbeHelp, &kNocProbeHelp, &kSramProbeHelp, &kCollectiveProbeHelp};
  if (what == "--help" || what == "-h") {
    for (const ProbeHelp* help : kKinds) std::cout << help->usage << "\n\n";
    std::cout << "'orrery probe WHAT --help' lists the options.\n\nExamples:\n";
    for (const ProbeHelp* help : kKinds) std::cout << help->examples;
    return 0;
  }
  throw UsageError("probe needs dram, noc, sram or collective" +
                   did_you_mean(what, {"dram", "noc", "sram", "collective"}) + "; see 'orrery probe --help'");
}

}  // namespace orrery
