#include <algorithm>
#include <map>

#include "sim/config/uncertain_number.h"
#include "sim/engine/isolate.h"
#include "sim/report/cost_report.h"
#include "sim/study/cost_study.h"
#include "tools/orrery/output.h"
#include "tools/orrery/question_options.h"

namespace orrery {
namespace {

using nlohmann::ordered_json;

constexpr double kLongest_s = 1e15;

const char* const kCostUsage =
    "orrery cost SCENARIO [KEY=VALUE ...] [--as-of DATE] [options]\n"
    "What serving a model costs on each option of a scenario: price, ownership, joules, carbon, break-even, "
    "and how\n"
    "sure that is. Of each option one replica serves requests, as many as keep the latency targets; prices "
    "and "
    "hosts\n"
    "that the scenario leaves out are the price list's. What was simulated is kept: another price is quick.";
const char* const kCostExamples =
    "  orrery cost gpu-now-fpga-or-asic-at-volume\n"
    "  orrery cost gpu-now-fpga-or-asic-at-volume cost.finance.pue=1.2 arch.clock_ghz=1GHz\n"
    "  orrery cost my-scenario.yaml --as-of 2026-11-24 --tpot-max 0.03 --draws 20000 --seed 7 --format "
    "json\n";

// The options that stand for a key of the scenario.
std::vector<Patch> patches_of_options(const po::variables_map& v) {
  std::vector<Patch> patches = patches_from(v);
  for (const auto& [option, key] :
       {std::pair{"ttft-max", "cost.workload.ttft_max_s"}, std::pair{"tpot-max", "cost.workload.tpot_max_s"},
        std::pair{"e2e-max", "cost.workload.e2e_max_s"}}) {
    if (v.count(option) != 0)
      patches.push_back({std::string("--") + option, key, real_between(v, option, 0, kLongest_s)});
  }
  return patches;
}

std::vector<OptionRuns> simulate(const CostQuestion& question, Session& session, std::size_t jobs) {
  session.accuracy();  // once, for all
  std::vector<std::function<std::string()>> tasks;
  std::map<std::string, std::size_t> first;  // of the options that differ in prices alone
  for (std::size_t i = 0; i < question.options.size(); ++i) {
    if (!first.emplace(question.runs[i], tasks.size()).second) continue;
    tasks.emplace_back([&question, &session, i] {
      TerminalProgress progress(question.scenario.options[i].name);
      const OptionRuns runs = simulate_option(question, i, session, progress.callback());
      warn_of_store(session);
      return written(runs).dump();
    });
  }
  const std::vector<std::string> answers = run_isolated(tasks, jobs);
  std::vector<OptionRuns> runs;
  for (const std::string& run : question.runs)
    runs.push_back(read_as<OptionRuns>(nlohmann::json::parse(answers[first.at(run)])));
  return runs;
}

}  // namespace

int cost_command(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()  //
      ("scenario", po::value<std::string>()->required()->value_name("SCENARIO"),
       "a name (orrery list costs) or a YAML file (may stand alone)")  //
      ("as-of", po::value<std::string>()->value_name("DATE"),
       "flag prices older than 12 months on this day (YYYY-MM-DD)")  //
      ("ttft-max", po::value<double>()->value_name("S"),
       "time to first token to keep, instead of the scenario's")                           //
      ("tpot-max", po::value<double>()->value_name("S"), "time per output token to keep")  //
      ("e2e-max", po::value<double>()->value_name("S"), "time to the last token to keep")  //
      ("user-rates", po::value<std::string>()->value_name("N,..."),
       "tokens/s a user at which to compare the options again")                                         //
      ("draws", po::value<std::int64_t>()->default_value(10000)->value_name("N"), "Monte-Carlo draws")  //
      ("seed", po::value<std::uint64_t>()->default_value(1)->value_name("N"), "of the draws");
  add_jobs(options, "options simulated at a time");
  add_format(options);
  options.add(fidelity_options()).add(patch_options());
  const ParsedOptions parsed =
      parse_options(arguments, options, kCostUsage, kCostExamples, "scenario", kPatches);
  if (parsed.help) return 0;
  const po::variables_map& v = parsed.values;
  const OutputFormat format = format_from(v);
  const std::string as_of = given(v, "as-of");
  if (!as_of.empty()) months_between(as_of, as_of);  // a date, or refused before anything runs
  if (runner_options_from(v).fidelity == Fidelity::cycle)
    throw UsageError("--fidelity cycle is for kernels; requests are served at roofline or tile");
  if (v.count("node") != 0) throw UsageError("--node: a scenario's options say their own");
  CostQuestion question = posed_cost(v["scenario"].as<std::string>(), patches_of_options(v));
  if (v.count("user-rates") != 0)
    question.scenario.user_rates =
        positive_numbers("--user-rates", v["user-rates"].as<std::string>(), "rate in tokens/s");
  question.draws = whole_between(v, "draws", 1, 100'000'000);
  question.seed = v["seed"].as<std::uint64_t>();
  if (!as_of.empty()) question.as_of = as_of;
  Session session = session_from(v);
  const ordered_json result = written(cost_study(question, simulate(question, session, jobs_from(v))));
  print_result(format, result, [&] { return cost_table(result); });
  return 0;
}

}  // namespace orrery
