// `orrery probe dram`.

#include <fmt/format.h>

#include "sim/config/dram_loader.h"
#include "sim/config/dram_mapping.h"
#include "sim/probe/probe_fields.h"
#include "sim/util/errors.h"
#include "sim/workload/access_pattern.h"
#include "sim/workload/traffic_load.h"
#include "tools/orrery/probe_points.h"
#include "tools/orrery/question_options.h"

namespace orrery {

const ProbeHelp kDramProbeHelp = {
    "orrery probe dram (--preset P | --arch NAME [KEY=VALUE ...]) [--pattern P] [--load L] [--mapping M]\n"
    "Bandwidth, latency and energy of DRAM channels under an access pattern: some of a preset, or those\n"
    "of a machine. At fidelity tile traffic goes through the block that a machine runs with.\n"
    "Patterns: seq_read, seq_write, mix21 (two streams, read read write), mix21_rand, rand_read,\n"
    "rand_write, rand_N and mix21_N (random blocks of N bytes; 8192: as a machine's streams share its\n"
    "channels), stride_N, rowconflict. Loads: saturating, dependent (one access at a time) or a share of\n"
    "the peak. Mappings: fields from the most significant: ro ra ba bg pc co ch, dashes allowed, a field\n"
    "may be split (rorabacobgco2).",
    "  orrery probe dram --preset hbm2-2400 --pattern seq_read\n"
    "  orrery probe dram --arch gpu/a100-sxm-80gb --pattern mix21_8192 --fidelity tile\n"
    "  orrery probe dram --preset ddr5-5600 --pattern rand_read --load dependent\n"
    "  orrery probe dram --preset ramulator-hbm3-16gb-8hi-hbm3-6400mbps --pattern mix21 --sweep --plot "
    "hbm3.html\n"
    "  orrery probe dram --preset ddr4-3200 --pattern seq_read --mapping ro-ra-ba-bg-co --fidelity tile\n"};

namespace {

ProbeRow dram_row(const DramProbe& probe) {
  return written(DramPoint{probe, run_dram_probe(probe)});
}

}  // namespace

int probe_dram(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()                                                                                //
      ("preset", po::value<std::string>()->value_name("P"), "DRAM preset (orrery list dram) or file")  //
      ("arch", po::value<std::string>()->value_name("NAME"), "machine, whose DRAM it is")              //
      ("pattern", po::value<std::string>()->default_value("seq_read"), "access pattern")               //
      ("load", po::value<std::string>()->default_value("saturating"), "how fast accesses come")        //
      ("mapping", po::value<std::string>()->default_value(DramMapping::default_order()),
       "address mapping")                                                                    //
      ("channels", po::value<std::int64_t>()->default_value(1), "channels")                  //
      ("refresh", po::value<std::string>(), "all_bank or per_bank (default: the preset's)")  //
      ("warmup-ns", po::value<double>()->default_value(30000), "not measured")               //
      ("measure-ns", po::value<double>()->default_value(200000), "measured");
  add_common(options, true);
  const ParsedOptions parsed =
      parse_options(arguments, options, kDramProbeHelp.usage, kDramProbeHelp.examples, kPatches);
  if (parsed.help) return 0;
  const po::variables_map& v = parsed.values;
  DramProbe probe;
  if (probes_machine(v, "preset")) {
    if (!v["channels"].defaulted()) throw UsageError("--channels: the machine says how many it has");
    // Striping makes its channels alike: one is probed, and counts as often as there are.
    probe.dram = probed_machine(v).dram;
    probe.alike = ceil_div(probe.dram.channels, probe.dram.device.pseudo_channels);
    probe.dram.channels = probe.dram.device.pseudo_channels;
  } else {
    probe.dram = bare_dram(load_dram_device(v["preset"].as<std::string>()), small(v, "channels", 1, 65536));
  }
  DramDevice& device = probe.dram.device;
  const std::uint32_t channels = ceil_div(probe.dram.channels, device.pseudo_channels);
  probe.pattern = v["pattern"].as<std::string>();
  probe.load = v["load"].as<std::string>();
  probe.mapping = DramMapping::normalised(v["mapping"].as<std::string>());
  probe.fidelity = named<ProbeFidelity>(v["fidelity"].as<std::string>(), "--fidelity");
  probe.warm_up_ns = real_between(v, "warmup-ns", 0, 1e9);
  probe.measured_ns = real_between(v, "measure-ns", 1, 1e9);
  if (v.count("refresh") != 0) {
    device.refresh = named<DramRefresh>(v["refresh"].as<std::string>(), "--refresh");
    const auto found = check_dram_device(device, device.preset);
    if (!found.empty()) throw ConfigError(found);
  }
  // What is wrong with a mapping or a pattern shows before anything runs.
  const DramMapping mapping(probe.mapping, device, channels);
  AccessPattern(probe.pattern, mapping, device.burst_bytes());
  parse_traffic_load(probe.load, 1);
  std::vector<std::function<ProbeRow()>> points;
  if (v.count("sweep") == 0) points.push_back([probe] { return dram_row(probe); });
  for (int percent = 5; v.count("sweep") != 0 && percent <= 100; percent += percent < 90 ? 10 : 5) {
    DramProbe point = probe;
    point.load = fmt::format("{:.2f}", percent / 100.0);
    points.push_back([point] { return dram_row(point); });
  }
  return run_points(v, points, titled(device.preset + " " + probe.pattern), "achieved_gb_per_s",
                    {"latency_ns"});
}

}  // namespace orrery
