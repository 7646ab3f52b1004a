// `orrery probe sram`.

#include <optional>

#include "sim/probe/level_stream_probe.h"
#include "sim/probe/probe_fields.h"
#include "sim/probe/sram_probe.h"
#include "tools/orrery/probe_points.h"
#include "tools/orrery/question_options.h"

namespace orrery {

const ProbeHelp kSramProbeHelp = {
    "orrery probe sram (--arch NAME [KEY=VALUE ...] | --levels FILE.yaml) [--pattern ...] [--footprint-kib "
    "N] [--cores N]\n"
    "Latency and bandwidth of on-chip memories, level by level. Patterns: stride_N (bytes between the "
    "lanes'\n"
    "accesses: bank conflicts), rand, chase (each access waits for the one before).\n"
    "At --fidelity tile the machine's own cores, network and levels run stream_N (blocks of N bytes) or, in\n"
    "lines, chase.",
    "  orrery probe sram --arch gpu/a100-sxm-80gb --pattern chase --sweep\n"
    "  orrery probe sram --arch gpu/h100-sxm --pattern stride_128 --footprint-kib 64\n"
    "  orrery probe sram --arch gpu/h100-sxm --pattern stream_16384 --footprint-kib 16384 --cores 132 "
    "--fidelity tile\n"
    "  orrery probe sram --levels arch_configs/sram/mi300x.yaml --pattern rand --footprint-kib 65536 --cores "
    "16\n"};

namespace {

ProbeRow sram_row(const SramProbe& probe, const std::string& name, const ArchSpec* on) {
  return written(
      SramPoint{name, probe, on != nullptr,
                on != nullptr ? run_level_stream_probe(*on, level_stream_of(probe)) : run_sram_probe(probe)});
}

}  // namespace

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
  add_common(options, true);
  const ParsedOptions parsed =
      parse_options(arguments, options, kSramProbeHelp.usage, kSramProbeHelp.examples, kPatches);
  if (parsed.help) return 0;
  const po::variables_map& v = parsed.values;
  const bool of_machine = probes_machine(v, "levels");
  const bool on_machine =
      named<ProbeFidelity>(v["fidelity"].as<std::string>(), "--fidelity") == ProbeFidelity::tile;
  if (on_machine) {
    if (!of_machine) throw UsageError("--fidelity tile probes a machine: give --arch");
    for (const char* option : {"access-bytes", "lanes", "outstanding", "accesses", "writes", "pin-kib"}) {
      if (!v[option].defaulted())
        throw UsageError("--" + std::string(option) + " has no meaning at --fidelity tile");
    }
  }
  SramProbe probe;
  const std::string name = v[of_machine ? "arch" : "levels"].as<std::string>();
  std::optional<ArchSpec> arch;
  if (of_machine) arch = probed_machine(v);
  probe.hierarchy = arch ? sram_hierarchy_of(*arch) : load_sram(name, probe.private_levels);
  const ArchSpec* on = on_machine ? &*arch : nullptr;  // the machine that runs the probe
  probe.pattern = v["pattern"].as<std::string>();
  probe.footprint_bytes =
      static_cast<std::uint64_t>(real_between(v, "footprint-kib", 1.0 / 1024, 64.0 * 1024 * 1024) * 1024);
  probe.cores = small(v, "cores", 1, 1 << 20);
  probe.access_bytes = small(v, "access-bytes", 1, 4096);
  probe.lanes = small(v, "lanes", 1, 65536);
  probe.outstanding = small(v, "outstanding", 1, 65536);
  probe.accesses = whole_between(v, "accesses", 1, 100'000'000);
  probe.write_share = real_between(v, "writes", 0, 1);
  if (on_machine) level_stream_of(probe);  // or refused before anything runs
  probe.pinned_bytes = static_cast<std::uint64_t>(real_between(v, "pin-kib", 0, 64.0 * 1024 * 1024) * 1024);
  std::vector<std::function<ProbeRow()>> points;
  if (v.count("sweep") == 0) points.push_back([&, on] { return sram_row(probe, name, on); });
  for (std::uint64_t kib = 16; v.count("sweep") != 0 && kib <= 256 * 1024; kib *= 2) {
    SramProbe point = probe;
    point.footprint_bytes = kib * 1024;
    points.push_back([point, name, on] { return sram_row(point, name, on); });
  }
  Plot plot = titled(name + " " + probe.pattern);
  plot.log_x = true;
  return run_points(v, points, plot, "footprint_kib", {"latency_cycles"});
}

}  // namespace orrery
