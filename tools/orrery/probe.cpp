// `orrery probe`: the machine's micro-benchmarks, one row each, or a curve.

#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <thread>

#include "models/noc/noc_graph.h"
#include "sim/config/arch_loader.h"
#include "sim/config/dram_loader.h"
#include "sim/config/dram_mapping.h"
#include "sim/config/noc_loader.h"
#include "sim/config/node_loader.h"
#include "sim/engine/isolate.h"
#include "sim/probe/collective_probe.h"
#include "sim/probe/dram_probe.h"
#include "sim/probe/noc_probe.h"
#include "sim/probe/sram_probe.h"
#include "sim/report/svg_plot.h"
#include "sim/report/text_table.h"
#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"
#include "sim/workload/access_pattern.h"
#include "sim/workload/traffic_load.h"
#include "tools/orrery/options.h"
#include "tools/orrery/output.h"

namespace orrery {
namespace {

using Row = nlohmann::ordered_json;

std::uint32_t small(const po::variables_map& values, const char* option, std::uint32_t least,
                    std::uint32_t most) {
  return static_cast<std::uint32_t>(whole_between(values, option, least, most));
}

ProbeFidelity parse_probe_fidelity(const std::string& name) {
  if (name == "tile") return ProbeFidelity::tile;
  if (name == "cycle") return ProbeFidelity::cycle;
  throw UsageError("unknown --fidelity '" + name + "' (tile or cycle)");
}

Plot titled(const std::string& title) {
  Plot plot;
  plot.title = title;
  return plot;
}

// Options every probe has.
void add_common(po::options_description& options, bool fidelity) {
  options.add_options()                                                                     //
      ("sweep", "a curve instead of one point")                                             //
      ("plot", po::value<std::string>()->value_name("FILE.svg"), "draw it (with --sweep)")  //
      ("jobs",
       po::value<std::int64_t>()
           ->default_value(std::max(1u, std::thread::hardware_concurrency()))
           ->value_name("N"),
       "points at a time")  //
      ("format", po::value<std::string>()->default_value("table")->value_name("F"), "table, json or csv");
  if (fidelity) {
    options.add_options()("fidelity", po::value<std::string>()->default_value("cycle")->value_name("F"),
                          "cycle (commands, flits) or tile (calendars)");
  }
}

std::string table_of(const std::vector<Row>& rows) {
  // What is the same in all rows goes above the table.
  std::string head;
  std::vector<std::vector<std::string>> table(1);
  const auto text = [](const Row& value) {
    if (value.is_number_float()) return fmt::format("{:.5g}", value.get<double>());
    return value.is_string() ? value.get<std::string>() : value.dump();
  };
  std::vector<std::string> columns;
  for (const auto& [key, value] : rows.front().items()) {
    if (key == "schema" || key == "kind" || value.is_array()) continue;
    bool same = rows.size() > 1;
    for (const Row& row : rows) same = same && row[key] == value;
    if (same) {
      head += fmt::format("{}: {}\n", key, text(value));
    } else {
      columns.push_back(key);
      table[0].push_back(key);
    }
  }
  if (rows.size() == 1) {
    std::vector<std::vector<std::string>> lines;
    for (const auto& [key, value] : rows.front().items()) {
      if (key == "schema" || key == "kind") continue;
      if (value.is_array()) {
        for (const Row& level : value) {
          for (const auto& [k, v] : level.items())
            if (k != "level") lines.push_back({level["level"].get<std::string>() + " " + k, text(v)});
        }
      } else {
        lines.push_back({key, text(value)});
      }
    }
    return format_table(lines);
  }
  for (const Row& row : rows) {
    std::vector<std::string> cells;
    for (const std::string& c : columns) cells.push_back(text(row[c]));
    table.push_back(cells);
  }
  return head + "\n" + format_table(table);
}

// Runs the points (each in a process of its own), prints them and draws `y` over `x`.
int run_points(const po::variables_map& values, const std::vector<std::function<Row()>>& points, Plot plot,
               const std::string& x, const std::vector<std::string>& ys) {
  const OutputFormat format = parse_format(values["format"].as<std::string>());
  if (values.count("plot") != 0 && values.count("sweep") == 0) throw UsageError("--plot needs --sweep");
  std::vector<std::function<std::string()>> tasks;
  for (const auto& point : points) tasks.push_back([&point] { return point().dump(); });
  std::vector<Row> rows;
  for (const std::string& answer : run_isolated(tasks, whole_between(values, "jobs", 1, 1024)))
    rows.push_back(Row::parse(answer));
  if (values.count("plot") != 0) {
    for (const std::string& y : ys) {
      PlotSeries series{y, {}};
      for (const Row& row : rows) {
        if (row[x].is_number() && row[y].is_number())
          series.points.push_back({row[x].get<double>(), row[y].get<double>()});
      }
      plot.series.push_back(series);
    }
    plot.x_label = x;
    plot.y_label = ys.size() == 1 ? ys[0] : "";
    write_svg(plot, values["plot"].as<std::string>());
  }
  const Row result = values.count("sweep") != 0 ? Row(rows) : rows.front();
  print_result(format, result, [&] { return table_of(rows); });
  return 0;
}

const char* const kDramUsage =
    "orrery probe dram --preset P [--pattern ...] [--load ...] [--mapping M]\n"
    "Bandwidth, latency and energy of DRAM channels under an access pattern.\n"
    "Patterns: seq_read, seq_write, mix21 (two streams, read read write), mix21_rand, rand_read, "
    "rand_write,\n"
    "rand_N (random blocks of N bytes), stride_N, rowconflict. Loads: saturating, dependent (one access at "
    "a\n"
    "time) or a share of the peak. Mappings: fields from the most significant: ro ra ba bg pc co ch, dashes\n"
    "allowed, a field may be split (rorabacobgco2).";
const char* const kDramExamples =
    "  orrery probe dram --preset hbm2-2400 --pattern seq_read\n"
    "  orrery probe dram --preset ddr5-5600 --pattern rand_read --load dependent\n"
    "  orrery probe dram --preset ramulator-hbm3-16gb-8hi-hbm3-6400mbps --pattern mix21 --sweep --plot "
    "hbm3.svg\n"
    "  orrery probe dram --preset ddr4-3200 --pattern seq_read --mapping ro-ra-ba-bg-co --fidelity tile\n";

Row dram_row(const DramProbe& probe) {
  const DramProbeResult r = run_dram_probe(probe);
  Row row = {{"schema", "orrery/result/1"},
             {"kind", "probe"},
             {"probe", "dram"},
             {"preset", probe.device.preset},
             {"pattern", probe.pattern},
             {"load", probe.load},
             {"mapping", probe.mapping},
             {"channels", probe.channels},
             {"refresh", probe.device.refresh == DramRefresh::per_bank ? "per_bank" : "all_bank"},
             {"fidelity", probe.fidelity == ProbeFidelity::cycle ? "cycle" : "tile"},
             {"peak_gb_per_s", r.peak_gb_per_s},
             {"achieved_gb_per_s", r.achieved_gb_per_s},
             {"share_of_peak", r.share_of_peak}};
  row["latency_ns"] = r.latency_ns > 0 ? Row(r.latency_ns) : Row(nullptr);
  row["p99_latency_ns"] = r.latency_ns > 0 ? Row(r.p99_latency_ns) : Row(nullptr);
  row["source_wait_ns"] = r.latency_ns > 0 ? Row(r.source_wait_ns) : Row(nullptr);
  row["row_hit_rate"] = r.row_hit_rate;
  row["energy_pj_per_bit"] = r.energy_pj_per_bit > 0 ? Row(r.energy_pj_per_bit) : Row(nullptr);
  row["requests"] = r.requests;
  return row;
}

int probe_dram(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()  //
      ("preset", po::value<std::string>()->required()->value_name("P"),
       "DRAM preset (orrery list dram) or file")                                                 //
      ("pattern", po::value<std::string>()->default_value("seq_read"), "access pattern")         //
      ("load", po::value<std::string>()->default_value("saturating"), "how fast accesses come")  //
      ("mapping", po::value<std::string>()->default_value(DramMapping::default_order()),
       "address mapping")                                                                    //
      ("channels", po::value<std::int64_t>()->default_value(1), "channels")                  //
      ("refresh", po::value<std::string>(), "all_bank or per_bank (default: the preset's)")  //
      ("warmup-ns", po::value<double>()->default_value(30000), "not measured")               //
      ("measure-ns", po::value<double>()->default_value(200000), "measured");
  add_common(options, true);
  const ParsedOptions parsed = parse_options(arguments, options, kDramUsage, kDramExamples);
  if (parsed.help) return 0;
  const po::variables_map& v = parsed.values;
  DramProbe probe;
  probe.device = load_dram_device(v["preset"].as<std::string>());
  probe.pattern = v["pattern"].as<std::string>();
  probe.load = v["load"].as<std::string>();
  probe.mapping = DramMapping::normalised(v["mapping"].as<std::string>());
  probe.channels = small(v, "channels", 1, 65536);
  probe.fidelity = parse_probe_fidelity(v["fidelity"].as<std::string>());
  probe.warm_up_ns = real_between(v, "warmup-ns", 0, 1e9);
  probe.measured_ns = real_between(v, "measure-ns", 1, 1e9);
  if (v.count("refresh") != 0) {
    const std::string refresh = v["refresh"].as<std::string>();
    if (refresh != "all_bank" && refresh != "per_bank") throw UsageError("--refresh: all_bank or per_bank");
    probe.device.refresh = refresh == "per_bank" ? DramRefresh::per_bank : DramRefresh::all_bank;
    const auto found = check_dram_device(probe.device, probe.device.preset);
    if (!found.empty()) throw ConfigError(found);
  }
  // What is wrong with a mapping or a pattern shows before anything runs.
  const DramMapping mapping(probe.mapping, probe.device, probe.channels);
  AccessPattern(probe.pattern, mapping, probe.device.burst_bytes());
  parse_traffic_load(probe.load, 1);
  std::vector<std::function<Row()>> points;
  if (v.count("sweep") == 0) points.push_back([probe] { return dram_row(probe); });
  for (int percent = 5; v.count("sweep") != 0 && percent <= 100; percent += percent < 90 ? 10 : 5) {
    DramProbe point = probe;
    point.load = fmt::format("{:.2f}", percent / 100.0);
    points.push_back([point] { return dram_row(point); });
  }
  return run_points(v, points, titled(probe.device.preset + " " + probe.pattern), "achieved_gb_per_s",
                    {"latency_ns"});
}

const char* const kNocUsage =
    "orrery probe noc --topology T [--k --n] [--traffic ...] [--rate R] [--packet-flits L]\n"
    "Latency and accepted rate of a network on chip. Topologies: mesh, torus (k^n routers), ring (k), "
    "crossbar\n"
    "(k ports), butterfly (k-ary, n stages), hierarchical (tree of k, n levels), or a YAML graph. Traffic:\n"
    "uniform, transpose, neighbor, 'hotspot(S xW)'. Rates in flits a node and cycle.";
const char* const kNocExamples =
    "  orrery probe noc --topology mesh --k 8 --n 2 --rate 0.2\n"
    "  orrery probe noc --topology torus --k 4 --packet-flits 4 --sweep --plot torus.svg\n"
    "  orrery probe noc --topology crossbar --k 16 --traffic 'hotspot(2 x4)' --rate 0.3 --fidelity tile\n"
    "  orrery probe noc --topology mesh --k 8 --traffic multicast --packet-flits 16 --fidelity tile  # or "
    "reduce\n"
    "  orrery probe noc --topology arch_configs/noc/example-graph.yaml --rate 0.1\n";

Row noc_row(const NocProbe& probe, const std::string& topology) {
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
  const ParsedOptions parsed = parse_options(arguments, options, kNocUsage, kNocExamples);
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
  std::vector<std::function<Row()>> points;
  if (v.count("sweep") == 0) points.push_back([&] { return noc_row(probe, topology); });
  for (int percent = 2; v.count("sweep") != 0 && percent <= 100; percent += percent < 10 ? 4 : 6) {
    NocProbe point = probe;
    point.rate = percent / 100.0;
    points.push_back([point, topology] { return noc_row(point, topology); });
  }
  return run_points(v, points, titled(topology + " " + probe.traffic), "accepted", {"latency_cycles"});
}

const char* const kSramUsage =
    "orrery probe sram (--arch NAME | --levels FILE.yaml) [--pattern ...] [--footprint-kib N] [--cores N]\n"
    "Latency and bandwidth of on-chip memories, level by level. Patterns: stride_N (bytes between the "
    "lanes'\n"
    "accesses: bank conflicts), rand, chase (each access waits for the one before).";
const char* const kSramExamples =
    "  orrery probe sram --arch gpu/a100-sxm-80gb --pattern chase --sweep\n"
    "  orrery probe sram --arch gpu/h100-sxm --pattern stride_128 --footprint-kib 64\n"
    "  orrery probe sram --levels arch_configs/sram/mi300x.yaml --pattern rand --footprint-kib 65536 --cores "
    "16\n";

Row sram_row(const SramProbe& probe, const std::string& name) {
  const SramProbeResult r = run_sram_probe(probe);
  Row row = {{"schema", "orrery/result/1"},
             {"kind", "probe"},
             {"probe", "sram"},
             {"memories", name},
             {"pattern", probe.pattern},
             {"footprint_kib", static_cast<double>(probe.footprint_bytes) / 1024},
             {"cores", probe.cores},
             {"latency_cycles", r.latency_cycles},
             {"bytes_per_cycle", r.bytes_per_cycle},
             {"gb_per_s", r.gb_per_s}};
  Row levels = Row::array();
  for (const SramLevelResult& l : r.levels) {
    levels.push_back({{"level", l.name},
                      {"hit_rate", l.hit_rate},
                      {"conflict_cycles", l.conflict_cycles},
                      {"write_backs", l.write_backs},
                      {"far", l.far}});
  }
  row["levels"] = levels;
  return row;
}

int probe_sram(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()                                                                                  //
      ("arch", po::value<std::string>()->value_name("NAME"), "machine")                                  //
      ("levels", po::value<std::string>()->value_name("FILE"), "memories in YAML (orrery schema sram)")  //
      ("pattern", po::value<std::string>()->default_value("stride_4"), "access pattern")                 //
      ("footprint-kib", po::value<double>()->default_value(64), "bytes that are touched")                //
      ("cores", po::value<std::int64_t>()->default_value(1), "cores that access")                        //
      ("access-bytes", po::value<std::int64_t>()->default_value(4), "a lane's access")                   //
      ("lanes", po::value<std::int64_t>()->default_value(32), "accesses a core makes at once")           //
      ("outstanding", po::value<std::int64_t>()->default_value(64), "groups of accesses under way")      //
      ("accesses", po::value<std::int64_t>()->default_value(20000), "a core, measured")                  //
      ("writes", po::value<double>()->default_value(0), "share of the accesses")                         //
      ("pin-kib", po::value<double>()->default_value(0), "of the footprint, kept in the last level");
  add_common(options, false);
  const ParsedOptions parsed = parse_options(arguments, options, kSramUsage, kSramExamples);
  if (parsed.help) return 0;
  const po::variables_map& v = parsed.values;
  if ((v.count("arch") != 0) == (v.count("levels") != 0)) throw UsageError("give --arch or --levels");
  SramProbe probe;
  const std::string name = v[v.count("arch") != 0 ? "arch" : "levels"].as<std::string>();
  probe.hierarchy =
      v.count("arch") != 0 ? sram_hierarchy_of(load_arch_named(name)) : load_sram(name, probe.private_levels);
  probe.pattern = v["pattern"].as<std::string>();
  probe.footprint_bytes =
      static_cast<std::uint64_t>(real_between(v, "footprint-kib", 1.0 / 1024, 64.0 * 1024 * 1024) * 1024);
  probe.cores = small(v, "cores", 1, 1 << 20);
  probe.access_bytes = small(v, "access-bytes", 1, 4096);
  probe.lanes = small(v, "lanes", 1, 65536);
  probe.outstanding = small(v, "outstanding", 1, 65536);
  probe.accesses = whole_between(v, "accesses", 1, 100'000'000);
  probe.write_share = real_between(v, "writes", 0, 1);
  probe.pinned_bytes = static_cast<std::uint64_t>(real_between(v, "pin-kib", 0, 64.0 * 1024 * 1024) * 1024);
  std::vector<std::function<Row()>> points;
  if (v.count("sweep") == 0) points.push_back([&] { return sram_row(probe, name); });
  for (std::uint64_t kib = 16; v.count("sweep") != 0 && kib <= 256 * 1024; kib *= 2) {
    SramProbe point = probe;
    point.footprint_bytes = kib * 1024;
    points.push_back([point, name] { return sram_row(point, name); });
  }
  Plot plot = titled(name + " " + probe.pattern);
  plot.log_x = true;
  return run_points(v, points, plot, "footprint_kib", {"latency_cycles"});
}

const char* const kCollectiveUsage =
    "orrery probe collective --node S --kind K --bytes B [--devices N] [--algorithm A]\n"
    "One collective over the links of a node. Kinds: all_reduce, all_gather, reduce_scatter, all_to_all,\n"
    "broadcast, send_recv. Algorithms: ring, tree, halving_doubling, direct, hierarchical, in_switch; "
    "without\n"
    "one it is chosen by size, as libraries do. --bytes is the whole array.";
const char* const kCollectiveExamples =
    "  orrery probe collective --node a100_dgx --kind all_reduce --bytes 67108864\n"
    "  orrery probe collective --node h100_dgx --kind all_reduce --bytes 1048576 --devices 4 --algorithm "
    "ring\n"
    "  orrery probe collective --node a100_mesh4 --kind all_gather --sweep --plot gather.svg\n";

Row collective_row(const CollectiveProbe& probe) {
  const CollectiveProbeResult r = run_collective_probe(probe);
  return {{"schema", "orrery/result/1"},
          {"kind", "probe"},
          {"probe", "collective"},
          {"node", probe.node},
          {"collective", probe.kind},
          {"devices", r.devices},
          {"bytes", probe.bytes},
          {"algorithm", r.algorithm},
          {"protocol", r.protocol},
          {"time_us", r.time_us},
          {"algorithm_gb_per_s", r.algorithm_gb_per_s},
          {"bus_gb_per_s", r.bus_gb_per_s},
          {"steps", r.steps},
          {"granules", r.granules},
          {"energy_j", r.energy_j}};
}

int probe_collective(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()                                                                                    //
      ("node", po::value<std::string>()->required()->value_name("S"), "node (orrery list nodes) or file")  //
      ("kind", po::value<std::string>()->default_value("all_reduce"), "collective")                        //
      ("bytes", po::value<std::int64_t>()->default_value(1 << 20), "the whole array")                      //
      ("devices", po::value<std::int64_t>()->default_value(0), "chips (default: all of the node)")         //
      ("algorithm", po::value<std::string>()->default_value(""), "instead of the library's choice");
  add_common(options, false);
  const ParsedOptions parsed = parse_options(arguments, options, kCollectiveUsage, kCollectiveExamples);
  if (parsed.help) return 0;
  const po::variables_map& v = parsed.values;
  CollectiveProbe probe;
  probe.node = v["node"].as<std::string>();
  probe.kind = v["kind"].as<std::string>();
  probe.devices = small(v, "devices", 0, 512);
  probe.algorithm = v["algorithm"].as<std::string>();
  probe.bytes = whole_between(v, "bytes", 1, std::uint64_t{1} << 44);
  std::vector<std::function<Row()>> points;
  if (v.count("sweep") == 0) points.push_back([&] { return collective_row(probe); });
  for (std::uint64_t size = 1024; v.count("sweep") != 0 && size <= (std::uint64_t{1} << 32); size *= 4) {
    CollectiveProbe point = probe;
    point.bytes = size;
    points.push_back([point] { return collective_row(point); });
  }
  Plot plot = titled(probe.node + " " + probe.kind);
  plot.log_x = plot.log_y = true;
  return run_points(v, points, plot, "bytes", {"time_us"});
}

}  // namespace

int probe_command(const Arguments& arguments) {
  const Arguments rest(arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end());
  const std::string what = arguments.empty() ? "" : arguments[0];
  if (what == "dram") return probe_dram(rest);
  if (what == "noc") return probe_noc(rest);
  if (what == "sram") return probe_sram(rest);
  if (what == "collective") return probe_collective(rest);
  if (what == "--help" || what == "-h") {
    std::cout << kDramUsage << "\n\n"
              << kNocUsage << "\n\n"
              << kSramUsage << "\n\n"
              << kCollectiveUsage << "\n\n'orrery probe WHAT --help' lists the options.\n\nExamples:\n"
              << kDramExamples << kNocExamples << kSramExamples << kCollectiveExamples;
    return 0;
  }
  throw UsageError("probe needs dram, noc, sram or collective" +
                   did_you_mean(what, {"dram", "noc", "sram", "collective"}) + "; see 'orrery probe --help'");
}

}  // namespace orrery
