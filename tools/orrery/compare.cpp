#include <fmt/format.h>

#include <cstdlib>
#include <functional>
#include <sstream>

#include "sim/engine/isolate.h"
#include "sim/estimate/expected_error.h"
#include "sim/estimate/price_figures.h"
#include "sim/report/result_fields.h"
#include "sim/report/result_table.h"
#include "sim/serve/inference.h"
#include "sim/timing/matrix_timing.h"
#include "sim/util/errors.h"
#include "tools/orrery/output.h"
#include "tools/orrery/subject.h"

namespace orrery {
namespace {

const char* const kUsage =
    "orrery compare --arch A --arch B [--arch C ...] --model NAME [KEY=VALUE ...] [options]\n"
    "The same inference on several machines, side by side, with ratios to the first.";
const char* const kExamples =
    "  orrery compare --arch gpu/a100-sxm-40gb --arch fpga/u280-x4-dfx --arch asic/tpu-v5e --model "
    "llama-2-7b\n"
    "  orrery compare --arch gpu/a100-sxm-80gb --arch gpu/h100-sxm --model llama-3-8b --batch 16 --format "
    "csv\n"
    "  orrery compare --arch gpu/a100-sxm-80gb --arch gpu/h100-sxm --model llama-3-8b arch.dram.channels=64\n"
    "  orrery compare --arch gpu/h100-sxm --power-cap 300,400,500,700 --model llama-3-8b --batch 64  # "
    "joules a token by "
    "cap\n";

// Each machine under each of the caps, named so.
std::vector<Subject> at_caps(const std::vector<Subject>& subjects, const std::string& list) {
  std::vector<Subject> capped;
  for (const Subject& subject : subjects) {
    for (const double watts : positive_numbers("--power-cap", list, "power in watts")) {
      Subject s = subject;
      s.arch.power_cap_w = watts;
      s.arch.name += fmt::format(" at {:g} W", watts);
      capped.push_back(s);
    }
  }
  return capped;
}

// Why the model does not fit the machine, before anything is simulated; "" when it does.
std::string why_refused(const Subject& s) {
  try {
    plan_batches(*s.llm, s.scenario, s.arch, s.runtime);
    return "";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\norrery: ") + line;
  return text;
}

}  // namespace

int compare_command(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()  //
      ("arch", po::value<std::vector<std::string>>()->required()->composing()->value_name("NAME"),
       "machine (repeat for each)")  //
      ("model", po::value<std::string>()->required()->value_name("NAME"),
       "model: a name or a config.json")  //
      ("power-cap", po::value<std::string>()->value_name("W,W,..."),
       "each machine under each of these caps instead of its own")  //
      ("jobs", po::value<std::int64_t>()->default_value(2)->value_name("N"),
       "machines simulated at the same time")  //
      ("format", po::value<std::string>()->default_value("table")->value_name("F"), "table, json or csv");
  options.add(scenario_options()).add(fidelity_options()).add(patch_options());
  const ParsedOptions parsed = parse_options(arguments, options, kUsage, kExamples, kPatches);
  if (parsed.help) return 0;
  const OutputFormat format = named<OutputFormat>(parsed.values["format"].as<std::string>(), "--format");
  const RunnerOptions runner = runner_options_from(parsed.values);
  const std::uint64_t jobs = whole_between(parsed.values, "jobs", 1, 1024);

  // Every machine and the model are read, and what cannot run is known, before anything is simulated.
  std::vector<Subject> subjects =
      load_subjects(parsed.values["arch"].as<std::vector<std::string>>(), parsed.values);
  if (parsed.values.count("power-cap") != 0)
    subjects = at_caps(subjects, parsed.values["power-cap"].as<std::string>());
  std::vector<std::function<std::string()>> tasks;
  std::vector<std::string> refused;  // by machine; "" = it runs
  for (const Subject& s : subjects) {
    check_format(s.arch, s.scenario.dtype);
    refused.push_back(why_refused(s));
    if (!refused.back().empty()) continue;
    tasks.emplace_back([&s, &runner] {
      const Stopwatch watch;
      TerminalProgress progress(s.arch.name);
      RunResult result = run_model(*s.llm, s.scenario, s.arch, runner, s.runtime, progress.callback());
      watch.stop(result.info);
      result.expected = expected_error(result, s.arch, load_accuracy());
      add_price_figures(result, s.arch, s.technology, s.prices);
      return written(result).dump();
    });
  }
  if (tasks.empty()) throw ConfigError("", joined(refused));
  const std::vector<std::string> answers = run_isolated(tasks, static_cast<std::size_t>(jobs));
  std::vector<nlohmann::ordered_json> results;
  std::size_t answered = 0;
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    results.push_back(refused[i].empty() ? nlohmann::ordered_json::parse(answers[answered++])
                                         : nlohmann::ordered_json{{"schema", "orrery/result/1"},
                                                                  {"kind", "refused"},
                                                                  {"arch", subjects[i].arch.name},
                                                                  {"model", subjects[i].llm->name},
                                                                  {"refused", refused[i]}});
  }
  print_result(format, results, [&] { return run_table(results); });
  return 0;
}

}  // namespace orrery
