#pragma once
// What the kinds of probes have in common: their options, points in processes of their own, output.

#include <functional>
#include <vector>

#include "sim/probe/dram_probe.h"
#include "sim/report/plot.h"
#include "tools/orrery/options.h"
#include "tools/orrery/output.h"

namespace orrery {

using ProbeRow = nlohmann::ordered_json;

struct ProbeHelp {
  const char *usage, *examples;
};
extern const ProbeHelp kDramProbeHelp, kNocProbeHelp, kSramProbeHelp, kCollectiveProbeHelp;

int probe_dram(const Arguments& arguments);
int probe_noc(const Arguments& arguments);
int probe_sram(const Arguments& arguments);
int probe_collective(const Arguments& arguments);

std::uint32_t small(const po::variables_map& values, const char* option, std::uint32_t least,
                    std::uint32_t most);
// The machine of --arch, with what KEY=VALUE arguments set anew.
ArchSpec probed_machine(const po::variables_map& values);
// Whether --arch is given and not `other`, which says the same of no machine; KEY=VALUE needs a machine.
bool probes_machine(const po::variables_map& values, const char* other);
Plot titled(const std::string& title);

// Options every probe has; `fidelity`: that one too.
void add_common(po::options_description& options, bool fidelity);

// Runs the points (each in a process of its own), prints them and draws `ys` over `x`.
int run_points(const po::variables_map& values, const std::vector<std::function<ProbeRow()>>& points,
               Plot plot, const std::string& x, const std::vector<std::string>& ys);

}  // namespace orrery
