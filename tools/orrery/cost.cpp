#include <fmt/format.h>

#include <algorithm>

#include "sim/config/accuracy_table.h"
#include "sim/config/arch_loader.h"
#include "sim/config/cost_scenario.h"
#include "sim/config/node_loader.h"
#include "sim/config/runtime_loader.h"
#include "sim/config/technology.h"
#include "sim/engine/isolate.h"
#include "sim/estimate/area.h"
#include "sim/estimate/expected_error.h"
#include "sim/report/cost_report.h"
#include "sim/report/result_fields.h"
#include "sim/serve/latency_target.h"
#include "sim/study/cost_study.h"
#include "sim/workload/llm_spec.h"
#include "tools/orrery/output.h"
#include "tools/orrery/scenario_options.h"

namespace orrery {
namespace {

using json = nlohmann::ordered_json;

const char* const kUsage =
    "orrery cost SCENARIO [--as-of DATE] [options]\n"
    "What serving a model costs on each option of a scenario: price, ownership, joules, carbon, break-even, "
    "and how\n"
    "sure that is. Each option is simulated once, at the largest batch that keeps the latency target.";
const char* const kExamples =
    "  orrery cost gpu-now-fpga-or-asic-at-volume\n"
    "  orrery cost arch_configs/costs/gpu-now-fpga-or-asic-at-volume.yaml --as-of 2026-11-24\n"
    "  orrery cost my-scenario.yaml --tpot-max 0.03 --draws 20000 --seed 7 --format json\n";

ArchSpec machine_of(const CostOption& option, const Technology& technology) {
  ArchSpec arch = load_arch_named(option.arch);
  if (!option.node.empty()) use_node(arch, load_node(option.node));
  if (option.process_nm > 0) {
    technology.node(option.process_nm, option.process_where);
    move_to_process(arch, option.process_nm, technology);
  }
  if (option.power_cap_w > 0) arch.power_cap_w = option.power_cap_w;
  return arch;
}

// What the simulation says of one option, through a process of its own.
OptionRuns simulate(const CostScenario& s, const CostOption& option, const ArchSpec& arch,
                    const RunnerOptions& how) {
  const LlmSpec llm = load_llm_named(s.model);
  Scenario scenario;
  scenario.input = s.input;
  scenario.output = s.output;
  scenario.dtype = option.dtype.empty() ? arch.execution.default_dtype : parse_dtype_option(option.dtype);
  scenario.tensor_parallel = option.devices;
  const RuntimeSpec runtime = load_runtime(option.runtime);
  OperatorRunner runner(arch, how);
  TerminalProgress progress(option.name);
  const AccuracyTable accuracy = load_accuracy();
  const auto at_most = [&](double tpot_max_s) {
    const LatencyTarget target{s.ttft_max_s, tpot_max_s, s.batch_max};
    scenario.batch = option.batch.value_or(1);
    RunResult r = option.batch ? run_model(llm, scenario, runner, runtime, progress.callback())
                               : largest_batch(llm, scenario, runner, runtime, target, progress.callback());
    r.expected = expected_error(r, arch, accuracy);
    return SimulatedOption{r, target.kept_by(r)};
  };
  OptionRuns runs{at_most(s.tpot_max_s), {}};
  for (const double rate : s.user_rates) runs.at_rates.push_back(at_most(1 / rate));
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
      ("user-rates", po::value<std::string>()->value_name("N,..."),
       "tokens/s a user at which to compare the options again, each with the batch that keeps it")       //
      ("draws", po::value<std::uint64_t>()->default_value(10000)->value_name("N"), "Monte-Carlo draws")  //
      ("seed", po::value<std::uint64_t>()->default_value(1)->value_name("N"), "of the draws")            //
      ("jobs", po::value<std::uint64_t>()->default_value(2)->value_name("N"),
       "options simulated at a time")  //
      ("fidelity", po::value<std::string>()->default_value("tile")->value_name("F"),
       "roofline (a bound) or tile")  //
      ("format", po::value<std::string>()->default_value("table")->value_name("F"), "table, json or csv");
  const ParsedOptions parsed = parse_options(arguments, options, kUsage, kExamples, "scenario");
  if (parsed.help) return 0;
  const po::variables_map& v = parsed.values;
  const OutputFormat format = named<OutputFormat>(v["format"].as<std::string>(), "--format");
  const std::string as_of = v.count("as-of") != 0 ? v["as-of"].as<std::string>() : "";
  if (!as_of.empty()) months_between(as_of, as_of);  // a date, or refused before anything runs
  const auto draws = v["draws"].as<std::uint64_t>();
  if (draws < 1) throw UsageError("--draws must be at least 1");
  CostScenario scenario = load_cost_scenario(v["scenario"].as<std::string>());
  if (v.count("ttft-max") != 0) scenario.ttft_max_s = v["ttft-max"].as<double>();
  if (v.count("tpot-max") != 0) scenario.tpot_max_s = v["tpot-max"].as<double>();
  if (v.count("user-rates") != 0)
    scenario.user_rates =
        positive_numbers("--user-rates", v["user-rates"].as<std::string>(), "rate in tokens/s");
  RunnerOptions how;
  how.fidelity = named<Fidelity>(v["fidelity"].as<std::string>(), "--fidelity");
  if (how.fidelity == Fidelity::cycle)
    throw UsageError("--fidelity cycle is for kernels; whole batches are searched at roofline or tile");
  // All that can be refused is refused before anything is simulated.
  const Technology technology = load_technology();
  std::vector<ArchSpec> archs;
  for (const CostOption& option : scenario.options) {
    archs.push_back(machine_of(option, technology));
    load_runtime(option.runtime);
    if (option.acquisition == Acquisition::make)
      technology.node(archs.back().process_nm, option.process_where);
  }
  std::vector<std::function<std::string()>> tasks;
  for (std::size_t i = 0; i < archs.size(); ++i) {
    tasks.emplace_back([&scenario, &archs, &how, i] {
      return written(simulate(scenario, scenario.options[i], archs[i], how)).dump();
    });
  }
  std::vector<OptionRuns> runs;
  for (const std::string& answer :
       run_isolated(tasks, std::max<std::uint64_t>(1, v["jobs"].as<std::uint64_t>())))
    runs.push_back(read_as<OptionRuns>(nlohmann::json::parse(answer)));
  CostQuestion question{scenario, draws, v["seed"].as<std::uint64_t>(), std::nullopt};
  if (!as_of.empty()) question.as_of = as_of;
  const json result = written(cost_study(question, archs, technology, runs));
  print_result(format, result, [&] { return cost_table(result); });
  return 0;
}

}  // namespace orrery
