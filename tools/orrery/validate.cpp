// `orrery validate`: measured rows, simulated, with the errors by group.

#include <filesystem>
#include <iostream>

#include "sim/validate/error_report.h"
#include "tools/orrery/output.h"
#include "tools/orrery/question_options.h"

namespace orrery {
namespace {

const char* const kValidateUsage =
    "orrery validate DATA.csv ... [KEY=VALUE ...] [options]\n"
    "Simulates each measured row and prints the errors by group; error = (simulated - measured) / measured.\n"
    "The columns tell what a file holds: DRAM (preset, pattern), networks on chip (topology, traffic),\n"
    "collectives (system, message_bytes), kernels (device, op), systolic arrays (dataflow).\n"
    "Columns that bear on a result are read, or the row is refused; others are named once and ignored.\n"
    "A row that cannot be simulated is named and counted, the others go on; the exit code is then 1.";
const char* const kValidateExamples =
    "  orrery validate dram_reference.csv --fidelity cycle --by preset,pattern --where mode=saturating\n"
    "  orrery validate kernels_gpu.csv --where 'measured_us>=10' --by device,op --worst 3\n"
    "  orrery validate kernels_new.csv --where l2=cold --by device,dtype,scaling\n"
    "  orrery validate allreduce_gpu.csv --where 'message_bytes>=1048576' --plot allreduce.html\n";

// What stands alone is a table of rows, or KEY=VALUE.
void take_alone(const po::variables_map& v, ValidationRequest& request) {
  request.files = all_given(v, "data");
  for (const std::string& alone : all_given(v, kPatches)) {
    if (alone.find('=') == std::string::npos || std::filesystem::exists(alone)) {
      request.files.push_back(alone);
    } else {
      request.settings.patches.push_back(parse_patch(alone));
    }
  }
}

// Names the first rows that could not be simulated; whether there are any.
bool say_failures(const std::vector<ValidatedRow>& rows) {
  constexpr std::size_t kMost = 5;
  std::size_t failed = 0;
  for (const ValidatedRow& row : rows) {
    if (row.failure.empty()) continue;
    if (++failed <= kMost)
      std::cerr << "orrery: " << row.file << ":" << row.line << ": " << row.failure << '\n';
  }
  if (failed > kMost) std::cerr << "orrery: " << failed - kMost << " more rows failed\n";
  return failed > 0;
}

// Once a file.
void say_ignored(const ValidationRequest& request) {
  for (const auto& [path, columns] : ignored_columns(request)) {
    std::cerr << "orrery: " << path << ": of no bearing on results, and ignored:";
    for (const std::string& column : columns) std::cerr << (column == columns.front() ? " " : ", ") << column;
    std::cerr << '\n';
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
       "software stack, in place of what the rows call for")                                                //
      ("where", po::value<std::vector<std::string>>()->value_name("COND"), "only rows for which it holds")  //
      ("by", po::value<std::string>()->value_name("COL,..."), "columns to group by")                        //
      ("quantity", po::value<std::string>()->value_name("Q"),
       "time, throughput, latency, energy, power, memory_power, ttft, tpot, itl, e2e, ttft_p99, e2e_mean "
       "(default: "
       "what "
       "the kind of row has)")  //
      ("worst", po::value<unsigned>()->default_value(0)->value_name("N"), "worst rows to list of a group");
  add_plot(options, "draw simulated against measured");
  add_jobs(options, "rows at a time");
  add_format(options);
  add_store(options);
  options.add(patch_options());
  const ParsedOptions parsed = parse_options(arguments, options, kValidateUsage, kValidateExamples, kPatches);
  if (parsed.help) return 0;
  const po::variables_map& v = parsed.values;
  const OutputFormat format = format_from(v);
  check_plot(v);
  ValidationRequest request;
  take_alone(v, request);
  if (request.files.empty()) throw UsageError("give a table of measured rows; see --help");
  request.settings.fidelity = named<Fidelity>(v["fidelity"].as<std::string>(), "--fidelity");
  request.settings.use_store = uses_store(v);
  request.settings.arch = given(v, "arch");
  request.settings.runtime = given(v, "runtime");
  request.jobs = jobs_from(v);
  request.where = all_given(v, "where");
  request.by = parts_of(given(v, "by"));
  if (v.count("quantity") != 0)
    request.quantity = named<Quantity>(v["quantity"].as<std::string>(), "--quantity");
  TerminalProgress progress("validate");
  const std::vector<ValidatedRow> rows = validate_rows(
      request, [&](std::size_t done, std::size_t total) { progress.show("rows", done, total); });
  if (rows.empty())
    throw ConfigError("", "no row to validate: none has the quantity, or --where leaves none");
  draw_plot(v, scatter_plot(rows));
  say_ignored(request);
  const std::vector<GroupReport> reports = group_reports(rows, v["worst"].as<unsigned>());
  const bool failed = say_failures(rows);
  print_result(format, errors_json(reports), [&] { return errors_table(reports); });
  return failed ? 1 : 0;
}

}  // namespace orrery
