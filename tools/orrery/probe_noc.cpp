// `orrery probe noc`.

#include "sim/probe/probe_fields.h"
#include "tools/orrery/network_options.h"
#include "tools/orrery/question_options.h"

namespace orrery {

const ProbeHelp kNocProbeHelp = {
    "orrery probe noc (--topology T | --arch NAME [KEY=VALUE ...]) [--traffic T] [--rate R] [options]\n"
    "Latency and accepted rate of a network on chip. Topologies: mesh, torus (k^n routers), ring (k),\n"
    "crossbar (k ports), butterfly (k-ary, n stages), hierarchical (tree of k, n levels), or a YAML graph.\n"
    "Traffic: uniform, transpose, neighbor, 'hotspot(S xW)', multicast and reduce (one message along a\n"
    "tree); of a machine memory_read and memory_write too. Rates in flits per sending node and cycle.",
    "  orrery probe noc --topology mesh --k 8 --n 2 --rate 0.2\n"
    "  orrery probe noc --topology torus --k 4 --packet-flits 4 --sweep --plot torus.html\n"
    "  orrery probe noc --topology crossbar --k 16 --traffic 'hotspot(2 x4)' --rate 0.3 --fidelity tile\n"
    "  orrery probe noc --topology mesh --k 8 --traffic multicast --packet-flits 16 --fidelity tile  # or "
    "reduce\n"
    "  orrery probe noc --topology arch_configs/noc/example-graph.yaml --rate 0.1\n"
    "  orrery probe noc --arch asic/mesh-npu --traffic memory_read --rate 1 --fidelity tile\n"};

namespace {

ProbeRow noc_row(const NocProbe& probe, const std::string& topology) {
  return written(NocPoint{topology, probe, run_noc_probe(probe)});
}

}  // namespace

int probe_noc(const Arguments& arguments) {
  po::options_description options("Options");
  options.add(network_options());
  options.add_options()                                                                            //
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
  const bool of_machine = probes_machine(v, "topology");
  const std::string name = v[of_machine ? "arch" : "topology"].as<std::string>();
  take_network(v, name, probe);
  probe.traffic = v["traffic"].as<std::string>();
  probe.rate = real_between(v, "rate", 1e-5, 1);
  if (!of_machine || !v["packet-flits"].defaulted()) probe.packet_flits = small(v, "packet-flits", 1, 4096);
  probe.measured_cycles = static_cast<std::int64_t>(whole_between(v, "cycles", 1, 10'000'000));
  probe.fidelity = named<ProbeFidelity>(v["fidelity"].as<std::string>(), "--fidelity");
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
