// `orrery probe collective`.

#include "sim/config/node_loader.h"
#include "sim/probe/collective_probe.h"
#include "sim/probe/probe_fields.h"
#include "tools/orrery/probe_points.h"
#include "tools/orrery/question_options.h"

namespace orrery {

const ProbeHelp kCollectiveProbeHelp = {
    "orrery probe collective --node S --kind K --bytes B [--devices N] [--algorithm A]\n"
    "One collective over the links of a node. Kinds: all_reduce, all_gather, reduce_scatter, all_to_all,\n"
    "broadcast, send_recv. Algorithms: ring, tree, halving_doubling, direct, hierarchical, in_switch, and\n"
    "one_shot of a serving engine; without one it is chosen by size, as libraries do. --bytes is the whole\n"
    "array.",
    "  orrery probe collective --node a100_dgx --kind all_reduce --bytes 67108864\n"
    "  orrery probe collective --node h100_dgx --kind all_reduce --bytes 1048576 --devices 4 --algorithm "
    "ring\n"
    "  orrery probe collective --node h100_dgx --devices 32 --kind all_to_all --bytes 58720256 --stack "
    "experts_by_node --copies 8\n"
    "  orrery probe collective --node a100_mesh4 --kind all_gather --sweep --plot gather.html\n"};

namespace {

ProbeRow collective_row(const CollectiveProbe& probe) {
  return written(CollectivePoint{probe, run_collective_probe(probe)});
}

}  // namespace

int probe_collective(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()                                                                                    //
      ("node", po::value<std::string>()->required()->value_name("S"), "node (orrery list nodes) or file")  //
      ("kind", po::value<std::string>()->default_value("all_reduce"), "collective")                        //
      ("bytes", po::value<std::int64_t>()->default_value(1 << 20), "the whole array")                      //
      ("devices", po::value<std::int64_t>()->default_value(0), "chips (default: all of the node)")         //
      ("algorithm", po::value<std::string>()->default_value(""), "instead of the library's choice")        //
      ("stack", po::value<std::string>()->default_value("library"),
       "library; engine: a serving engine's own all-reduces where they are faster; experts: kernels that "
       "move a mixture's tokens; experts_by_node: once to each node")  //
      ("older", po::bool_switch(), "the library is that of 2023")      //
      ("copies", po::value<std::int64_t>()->default_value(1),
       "of a token among the bytes of an all-to-all (its experts), for experts_by_node");
  add_common(options, false);
  const ParsedOptions parsed =
      parse_options(arguments, options, kCollectiveProbeHelp.usage, kCollectiveProbeHelp.examples, kPatches);
  if (parsed.help) return 0;
  const po::variables_map& v = parsed.values;
  CollectiveProbe probe;
  const auto name = v["node"].as<std::string>();
  probe.node = posed_from(load_node(name).chip, v).arch.node;
  probe.kind = v["kind"].as<std::string>();
  probe.devices = small(v, "devices", 0, 512);
  probe.algorithm = v["algorithm"].as<std::string>();
  probe.stack = {named<CollectiveKernels>(v["stack"].as<std::string>(), "--stack"), v["older"].as<bool>()};
  probe.copies = small(v, "copies", 1, 1024);
  probe.bytes = whole_between(v, "bytes", 1, std::uint64_t{1} << 44);
  std::vector<std::function<ProbeRow()>> points;
  if (v.count("sweep") == 0) points.push_back([&] { return collective_row(probe); });
  for (std::uint64_t size = 1024; v.count("sweep") != 0 && size <= (std::uint64_t{1} << 32); size *= 4) {
    CollectiveProbe point = probe;
    point.bytes = size;
    points.push_back([point] { return collective_row(point); });
  }
  Plot plot = titled(probe.node.name + " " + probe.kind);
  plot.log_x = plot.log_y = true;
  return run_points(v, points, plot, "bytes", {"time_us"});
}

}  // namespace orrery
