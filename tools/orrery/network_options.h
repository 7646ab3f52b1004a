#pragma once
// The options that say a network on chip and its routers.

#include <string>

#include "sim/probe/noc_probe.h"
#include "tools/orrery/probe_points.h"

namespace orrery {

// --topology --arch --k --n --routing --router --vcs --vc-buffer --link-latency
po::options_description network_options();

// The network of --topology or --arch, whose value `name` is. Throws UsageError: an option that the file or
// the machine answers itself; ConfigError: a machine whose network has no routers.
void take_network(const po::variables_map& values, const std::string& name, NocProbe& probe);

}  // namespace orrery
