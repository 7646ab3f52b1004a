// `orrery probe noc`.

#include <fmt/format.h>

#include <filesystem>

#include "models/noc/routed_network.h"
#include "sim/config/noc_loader.h"
#include "sim/probe/noc_probe.h"
#include "sim/probe/probe_fields.h"
#include "tools/orrery/probe_points.h"
#include "tools/orrery/question_options.h"

namespace orrery {

const ProbeHelp kNocProbeHelp = {
    "orrery probe noc (--topology T [--k --n] | --arch NAME [KEY=VALUE ...]) [--traffic ...] [--rate R] "
    "[--packet-flits L]\n"
    "Latency and accepted rate of a network on chip. Topologies: mesh, torus (k^n routers), ring (k), "
    "crossbar\n"
    "(k ports), butterfly (k-ary, n stages), hierarchical (tree of k, n levels), or a YAML graph. Traffic:\n"
    "uniform, transpose, neighbor, 'hotspot(S xW)', multicast and reduce (one message along a tree); of a "
    "machine\n"
    "memory_read and memory_write too. Rates in flits a sending node and cycle.",
    "  orrery probe noc --topology mesh --k 8 --n 2 --rate 0.2\n"
    "  orrery probe noc --topology torus --k 4 --packet-flits 4 --sweep --plot torus.svg\n"
    "  orrery probe noc --topology crossbar --k 16 --traffic 'hotspot(2 x4)' --rate 0.3 --fidelity tile\n"
    "  orrery probe noc --topology mesh --k 8 --traffic multicast --packet-flits 16 --fidelity tile  # or "
    "reduce\n"
    "  orrery probe noc --topology arch_configs/noc/example-graph.yaml --rate 0.1\n"
    "  orrery probe noc --arch asic/mesh-npu --traffic memory_read --rate 1 --fidelity tile\n"};

namespace {

ProbeRow noc_row(const NocProbe& probe, const std::string& topology) {
  return written(NocPoint{topology, probe, run_noc_probe(probe)});
}

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

int probe_noc(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()                                                                              //
      ("topology", po::value<std::string>()->value_name("T"), "a kind, or a YAML file")              //
      ("arch", po::value<std::string>()->value_name("NAME"), "machine, whose network it is")         //
      ("k", po::value<std::int64_t>()->default_value(8), "routers a dimension, ports, or children")  //
      ("n", po::value<std::int64_t>()->default_value(2), "dimensions, stages or levels")             //
      ("routing", po::value<std::string>()->default_value("xy"), "xy or yx (dimension order)")       //
      ("router", po::value<std::string>()->default_value("mesh88_lat_example"),
       "router (arch_configs/noc)")                                                                //
      ("vcs", po::value<std::int64_t>(), "virtual channels (default: the router's)")               //
      ("vc-buffer", po::value<std::int64_t>(), "flits a virtual channel buffers")                  //
      ("link-latency", po::value<std::int64_t>(), "cycles of a link (default 1; 2 on a torus)")    //
      ("traffic", po::value<std::string>()->default_value("uniform"), "where packets go")          //
      ("rate", po::value<double>()->default_value(0.1), "flits a node and cycle; 1 = saturating")  //
      ("packet-flits", po::value<std::int64_t>()->default_value(1),
       "flits of a packet (a machine's: its own)")  //
      ("cycles", po::value<std::int64_t>()->default_value(6000), "measured");
  add_common(options, true);
  const ParsedOptions parsed =
      parse_options(arguments, options, kNocProbeHelp.usage, kNocProbeHelp.examples, kPatches);
  if (parsed.help) return 0;
  const po::variables_map& v = parsed.values;
  NocProbe probe;
  const bool of_machine = v.count("arch") != 0;
  if (of_machine == (v.count("topology") != 0)) throw UsageError("give --topology or --arch");
  if (!of_machine) refuse_patches(v, "--arch");
  const std::string name = v[of_machine ? "arch" : "topology"].as<std::string>();
  of_machine ? take_machine(v, name, probe) : take_topology(v, name, probe);
  probe.traffic = v["traffic"].as<std::string>();
  probe.rate = real_between(v, "rate", 1e-5, 1);
  if (!of_machine || !v["packet-flits"].defaulted()) probe.packet_flits = small(v, "packet-flits", 1, 4096);
  probe.measured_cycles = static_cast<std::int64_t>(whole_between(v, "cycles", 1, 10'000'000));
  probe.fidelity = named<ProbeFidelity>(v["fidelity"].as<std::string>(), "--fidelity");
  const NocGraph graph(probe.network);
  std::vector<std::function<ProbeRow()>> points;
  if (v.count("sweep") == 0) points.push_back([&] { return noc_row(probe, name); });
  for (int percent = 2; v.count("sweep") != 0 && percent <= 100; percent += percent < 10 ? 4 : 6) {
    NocProbe point = probe;
    point.rate = percent / 100.0;
    points.push_back([point, name] { return noc_row(point, name); });
  }
  return run_points(v, points, titled(name + " " + probe.traffic), "accepted", {"latency_cycles"});
}

}  // namespace orrery
