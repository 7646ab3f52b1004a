// orrery sweep diff: why two points differ.

#include <fmt/format.h>

#include "sim/report/text_table.h"
#include "sim/study/sweep_difference.h"
#include "tools/orrery/output.h"
#include "tools/orrery/sweep_commands.h"

namespace orrery {
namespace {

const char* const kSweepDiffUsage =
    "orrery sweep diff FILE A B\n"
    "Why point B differs from point A: which inputs differ, and how much of the change in latency, energy "
    "and\n"
    "cost is each one's (its mean effect over all orders of changing them, so that they add up).";
const char* const kSweepDiffExamples = "  orrery sweep diff results.db 0 17\n";

std::string difference_table(const SweepDifference& difference) {
  std::vector<std::vector<std::string>> table = {{"", "A", "B", "change"}};
  for (const InputChange& c : difference.inputs)
    table[0].push_back(fmt::format("{}: {} -> {}", c.input, c.a.dump(), c.b.dump()));
  for (const ExplainedFigure& f : difference.figures) {
    table.push_back({f.figure, fmt::format("{:.4g}", f.a), fmt::format("{:.4g}", f.b),
                     fmt::format("{:+.1f} %", 100 * (f.b / f.a - 1))});
    for (const InputShare& share : f.shares)
      table.back().push_back(fmt::format("{:+.4g} ({:+.1f} %)", share.change, 100 * share.change / f.a));
  }
  return format_table(table);
}

}  // namespace

int sweep_diff_command(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()  //
      ("where", po::value<std::vector<std::string>>()->required()->value_name("FILE A B"),
       "result store and two points: their numbers, or the beginning of their addresses (stand alone)")  //
      ("sweep", po::value<std::string>()->default_value("")->value_name("NAME"),
       "where the store holds several");
  add_jobs(options, "simulations at a time");
  add_format(options);
  const ParsedOptions parsed =
      parse_options(arguments, options, kSweepDiffUsage, kSweepDiffExamples, "where");
  if (parsed.help) return 0;
  const OutputFormat format = format_from(parsed.values);
  const auto places = parsed.values["where"].as<std::vector<std::string>>();
  if (places.size() != 3) throw UsageError("diff needs a result store and two points");
  ResultStore store(places[0], ResultStore::Access::read);
  const StoredSweep sweep = store.sweep(parsed.values["sweep"].as<std::string>());
  const SweepDifference difference =
      explain_difference(store, sweep, places[1], places[2], jobs_from(parsed.values));
  print_result(format, written(difference), [&] { return difference_table(difference); });
  return 0;
}

}  // namespace orrery
