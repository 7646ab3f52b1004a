// `orrery validate`: measured rows, simulated, with the errors by group.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <thread>

#include "sim/report/svg_plot.h"
#include "sim/util/errors.h"
#include "sim/validate/error_report.h"
#include "tools/orrery/output.h"
#include "tools/orrery/question_options.h"

namespace orrery {
namespace {

const char* const kUsage =
    "orrery validate DATA.csv ... [KEY=VALUE ...] [options]\n"
    "Simulates each measured row and prints the errors by group; error = (simulated - measured) / measured.\n"
    "The columns tell what a file holds: DRAM (preset, pattern, ...), networks on chip (topology, traffic, "
    "...),\n"
    "collectives (system, devices, message_bytes, ...), kernels (device, op, ...), systolic arrays "
    "(dataflow, "
    "...).\n"
    "A row that cannot be simulated is named and counted, the others go on; the exit code is then 1.";
const char* const kExamples =
    "  orrery validate dram_reference.csv --fidelity cycle --by preset,pattern --where mode=saturating\n"
    "  orrery validate noc_reference.csv --quantity latency --worst 5\n"
    "  orrery validate kernels_gpu.csv --where 'measured_us>=10' --by device,op --worst 3\n"
    "  orrery validate kernels_gpu.csv arch.clock_ghz=1.2 --where device=gpu/h100-sxm\n"
    "  orrery validate allreduce_gpu.csv --where 'message_bytes>=1048576' --plot allreduce.svg\n";

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    if (comma > at) parts.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return parts;
}

Plot scatter(const std::vector<ValidatedRow>& rows) {
  Plot plot;
  plot.title = "simulated against measured";
  plot.x_label = "measured";
  plot.y_label = "simulated";
  plot.log_x = plot.log_y = plot.diagonal = true;
  plot.band = 0.1;
  plot.lines = false;
  for (const ValidatedRow& row : rows) {
    if (!row.failure.empty()) continue;
    const std::string name = row.group;
    auto series =
        std::find_if(plot.series.begin(), plot.series.end(), [&](const auto& s) { return s.name == name; });
    if (series == plot.series.end()) series = plot.series.insert(plot.series.end(), PlotSeries{name, {}});
    series->points.push_back({row.measured, row.simulated});
  }
  return plot;
}

// What stands alone is a table of rows, or KEY=VALUE.
void take_alone(const po::variables_map& v, ValidationRequest& request) {
  if (v.count("data") != 0) request.files = v["data"].as<std::vector<std::string>>();
  if (v.count(kPatches) == 0) return;
  for (const std::string& alone : v[kPatches].as<std::vector<std::string>>()) {
    if (alone.find('=') == std::string::npos || std::filesystem::exists(alone)) {
      request.files.push_back(alone);
    } else {
      request.settings.patches.push_back(parse_patch(alone));
    }
  }
}

}  // namespace

int validate_command(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()  //
      ("data", po::value<std::vector<std::string>>()->value_name("CSV"),
       "measured rows (may stand alone)")  //
      ("fidelity", po::value<std::string>()->default_value("tile")->value_name("F"),
       "roofline, tile or cycle")                                                                       //
      ("arch", po::value<std::string>()->value_name("NAME"), "machine, in place of each row's device")  //
      ("runtime", po::value<std::string>()->value_name("R"),
       "software stack, in place of what the rows call for")  //
      ("jobs",
       po::value<unsigned>()
           ->default_value(std::max(1u, std::thread::hardware_concurrency()))
           ->value_name("N"),
       "rows at a time")                                                                                    //
      ("where", po::value<std::vector<std::string>>()->value_name("COND"), "only rows for which it holds")  //
      ("by", po::value<std::string>()->value_name("COL,..."), "columns to group by")                        //
      ("quantity", po::value<std::string>()->value_name("Q"),
       "time, throughput, latency, energy, power, memory_power")  //
      ("worst", po::value<unsigned>()->default_value(0)->value_name("N"),
       "list the N worst rows of each group")                                                              //
      ("plot", po::value<std::string>()->value_name("FILE.svg"), "simulated against measured")             //
      ("format", po::value<std::string>()->default_value("table")->value_name("F"), "table, json or csv")  //
      ("no-store", "neither take kernels from the store on disk nor keep any there (orrery store)");
  options.add(patch_options());
  const ParsedOptions parsed = parse_options(arguments, options, kUsage, kExamples, kPatches);
  if (parsed.help) return 0;
  const po::variables_map& v = parsed.values;
  const OutputFormat format = named<OutputFormat>(v["format"].as<std::string>(), "--format");
  ValidationRequest request;
  take_alone(v, request);
  if (request.files.empty()) throw UsageError("give a table of measured rows; see --help");
  request.settings.fidelity = to_string(named<Fidelity>(v["fidelity"].as<std::string>(), "--fidelity"));
  request.settings.use_store = v.count("no-store") == 0;
  if (v.count("arch") != 0) request.settings.arch = v["arch"].as<std::string>();
  if (v.count("runtime") != 0) request.settings.runtime = v["runtime"].as<std::string>();
  request.jobs = std::max(1u, v["jobs"].as<unsigned>());
  if (v.count("where") != 0) request.where = v["where"].as<std::vector<std::string>>();
  if (v.count("by") != 0) request.by = split(v["by"].as<std::string>());
  if (v.count("quantity") != 0)
    request.quantity = named<Quantity>(v["quantity"].as<std::string>(), "--quantity");

  TerminalProgress progress("validate");
  const std::vector<ValidatedRow> rows = validate_rows(
      request, [&](std::size_t done, std::size_t total) { progress.show("rows", done, total); });
  if (rows.empty())
    throw ConfigError("", "no row to validate: none has the quantity, or --where leaves none");
  if (v.count("plot") != 0) write_svg(scatter(rows), v["plot"].as<std::string>());
  const std::vector<GroupReport> reports = group_reports(rows, v["worst"].as<unsigned>());
  std::size_t failed = 0;
  for (const ValidatedRow& row : rows) {
    if (row.failure.empty()) continue;
    if (++failed <= 5) std::cerr << "orrery: " << row.file << ":" << row.line << ": " << row.failure << '\n';
  }
  if (failed > 5) std::cerr << "orrery: " << failed - 5 << " more rows failed\n";
  print_result(format, errors_json(reports), [&] { return errors_table(reports); });
  return failed > 0 ? 1 : 0;
}

}  // namespace orrery
