// `orrery probe noc`.

#include <fmt/format.h>

#include <filesystem>

#include "models/noc/noc_graph.h"
#include "sim/config/noc_loader.h"
#include "sim/probe/noc_probe.h"
#include "tools/orrery/probe_points.h"

namespace orrery {

const ProbeHelp kNocProbeHelp = {
    "orrery probe noc --topology T [--k --n] [--traffic ...] [--rate R] [--packet-flits L]\n"
    "Latency and accepted rate of a network on chip. Topologies: mesh, torus (k^n routers), ring (k), "
    "crossbar\n"
    "(k ports), butterfly (k-ary, n stages), hierarchical (tree of k, n levels), or a YAML graph. Traffic:\n"
    "uniform, transpose, neighbor, 'hotspot(S xW)'. Rates in flits a node and cycle.",
    "  orrery probe noc --topology mesh --k 8 --n 2 --rate 0.2\n"
    "  orrery probe noc --topology torus --k 4 --packet-flits 4 --sweep --plot torus.svg\n"
    "  orrery probe noc --topology crossbar --k 16 --traffic 'hotspot(2 x4)' --rate 0.3 --fidelity tile\n"
    "  orrery probe noc --topology mesh --k 8 --traffic multicast --packet-flits 16 --fidelity tile  # or "
    "reduce\n"
    "  orrery probe noc --topology arch_configs/noc/example-graph.yaml --rate 0.1\n"};

namespace {

ProbeRow noc_row(const NocProbe& probe, const std::string& topology) {
  const NocProbeResult r = run_noc_probe(probe);
  return {{"schema", "orrery/result/1"},
          {"kind", "probe"},
          {"probe", "noc"},
          {"topology", topology},
          {"traffic", probe.traffic},
          {"router", probe.network.router.name},
          {"packet_flits", probe.packet_flits},
          {"fidelity", probe.fidelity == ProbeFidelity::cycle ? "cycle" : "tile"},
          {"rate", probe.rate},
          {"accepted", r.accepted},
          {"latency_cycles", r.latency_cycles},
          {"network_latency_cycles", r.network_latency_cycles},
          {"max_latency_cycles", r.max_latency_cycles},
          {"hops", r.hops},
          {"stable", r.stable},
          {"packets", r.packets}};
}

}  // namespace

int probe_noc(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()                                                                              //
      ("topology", po::value<std::string>()->required()->value_name("T"), "a kind, or a YAML file")  //
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
      ("packet-flits", po::value<std::int64_t>()->default_value(1), "flits of a packet")           //
      ("cycles", po::value<std::int64_t>()->default_value(6000), "measured");
  add_common(options, true);
  const ParsedOptions parsed = parse_options(arguments, options, kNocProbeHelp.usage, kNocProbeHelp.examples);
  if (parsed.help) return 0;
  const po::variables_map& v = parsed.values;
  NocProbe probe;
  RouterSpec router = load_router(v["router"].as<std::string>());
  if (v.count("vcs") != 0) router.num_vcs = small(v, "vcs", 1, 1024);
  if (v.count("vc-buffer") != 0) router.vc_buffer_flits = small(v, "vc-buffer", 1, 65536);
  const std::string topology = v["topology"].as<std::string>();
  probe.network = noc_from(topology, small(v, "k", 1, 65536), small(v, "n", 1, 32),
                           v["routing"].as<std::string>(), router);
  if (probe.network.topology == NocTopology::torus) probe.network.link_latency = 2;
  if (std::filesystem::path(topology).extension() == ".yaml") {
    for (const char* name : {"k", "n", "routing", "router", "link-latency"}) {
      if (v.count(name) != 0 && !v[name].defaulted())
        throw UsageError(fmt::format("--{}: {} says so itself", name, topology));
    }
  }
  if (v.count("link-latency") != 0) {
    probe.network.link_latency = small(v, "link-latency", 1, 1000);
  }
  probe.traffic = v["traffic"].as<std::string>();
  probe.rate = real_between(v, "rate", 1e-5, 1);
  probe.packet_flits = small(v, "packet-flits", 1, 4096);
  probe.measured_cycles = static_cast<std::int64_t>(whole_between(v, "cycles", 1, 10'000'000));
  probe.fidelity = parse_probe_fidelity(v["fidelity"].as<std::string>());
  const NocGraph graph(probe.network);
  std::vector<std::function<ProbeRow()>> points;
  if (v.count("sweep") == 0) points.push_back([&] { return noc_row(probe, topology); });
  for (int percent = 2; v.count("sweep") != 0 && percent <= 100; percent += percent < 10 ? 4 : 6) {
    NocProbe point = probe;
    point.rate = percent / 100.0;
    points.push_back([point, topology] { return noc_row(point, topology); });
  }
  return run_points(v, points, titled(topology + " " + probe.traffic), "accepted", {"latency_cycles"});
}

}  // namespace orrery
