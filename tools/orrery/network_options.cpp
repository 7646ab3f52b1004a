#include "tools/orrery/network_options.h"

#include <fmt/format.h>

#include <filesystem>

#include "models/noc/routed_network.h"
#include "sim/config/noc_loader.h"

namespace orrery {
namespace {

// Options that a file or a machine answers itself.
void refuse_given(const po::variables_map& v, std::initializer_list<const char*> names,
                  const std::string& answers) {
  for (const char* name : names) {
    if (v.count(name) != 0 && !v[name].defaulted())
      throw UsageError(fmt::format("--{}: {} says so itself", name, answers));
  }
}

void take_topology(const po::variables_map& v, const std::string& topology, NocProbe& probe) {
  if (std::filesystem::path(topology).extension() == ".yaml")
    refuse_given(v, {"k", "n", "routing", "router", "vcs", "vc-buffer", "link-latency"}, topology);
  RouterSpec router = load_router(v["router"].as<std::string>());
  if (v.count("vcs") != 0) router.num_vcs = small(v, "vcs", 1, 1024);
  if (v.count("vc-buffer") != 0) router.vc_buffer_flits = small(v, "vc-buffer", 1, 65536);
  probe.network = noc_from(topology, small(v, "k", 1, 65536), small(v, "n", 1, 32),
                           named<NocRouting>(v["routing"].as<std::string>(), "--routing"), router);
  if (probe.network.topology == NocTopology::torus) probe.network.link_latency = 2;
  if (v.count("link-latency") != 0) probe.network.link_latency = small(v, "link-latency", 1, 1000);
}

void take_machine(const po::variables_map& v, const std::string& name, NocProbe& probe) {
  refuse_given(v, {"k", "n", "routing", "router", "vcs", "vc-buffer", "link-latency"}, name);
  const ArchSpec arch = probed_machine(v);
  if (!arch.network.routed)
    throw ConfigError("", fmt::format("{}: its network is a crossbar of {} ports without routers; 'probe noc "
                                      "--topology crossbar --k N' has routers",
                                      name, arch.cores.count));
  probe.network = *arch.network.routed;
  probe.places.memory = arch.network.memory_nodes;
  probe.places.cores = place_cores(NocGraph(probe.network), arch.network, arch.cores.count);
  probe.packet_flits = packet_flits(arch.network, Bytes{arch.dram.interleave_bytes});
}

}  // namespace

po::options_description network_options() {
  po::options_description options("Network");
  options.add_options()                                                                              //
      ("topology", po::value<std::string>()->value_name("T"), "a kind, or a YAML file")              //
      ("arch", po::value<std::string>()->value_name("NAME"), "machine, whose network it is")         //
      ("k", po::value<std::int64_t>()->default_value(8), "routers a dimension, ports, or children")  //
      ("n", po::value<std::int64_t>()->default_value(2), "dimensions, stages or levels")             //
      ("routing", po::value<std::string>()->default_value("xy"), "xy or yx (dimension order)")       //
      ("router", po::value<std::string>()->default_value("mesh88_lat_example"),
       "router (arch_configs/noc)")                                                   //
      ("vcs", po::value<std::int64_t>(), "virtual channels (default: the router's)")  //
      ("vc-buffer", po::value<std::int64_t>(), "flits a virtual channel buffers")     //
      ("link-latency", po::value<std::int64_t>(), "cycles of a link (default 1; 2 on a torus)");
  return options;
}

void take_network(const po::variables_map& values, const std::string& name, NocProbe& probe) {
  values.count("arch") != 0 ? take_machine(values, name, probe) : take_topology(values, name, probe);
  const NocGraph checked(probe.network);
}

}  // namespace orrery
