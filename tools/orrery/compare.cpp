#include <fmt/format.h>

#include <functional>
#include <iostream>

#include "sim/engine/isolate.h"
#include "sim/report/result_charts.h"
#include "sim/report/result_fields.h"
#include "sim/report/result_table.h"
#include "sim/timing/matrix_timing.h"
#include "tools/orrery/output.h"
#include "tools/orrery/question_options.h"

namespace orrery {
namespace {

const char* const kCompareUsage =
    "orrery compare --arch A --arch B [--arch C ...] --model NAME [KEY=VALUE ...] [options]\n"
    "The same inference on several machines, side by side, with ratios to the first.";
const char* const kCompareExamples =
    "  orrery compare --arch gpu/a100-sxm-40gb --arch fpga/u280-x4-dfx --arch asic/tpu-v5e --model "
    "llama-2-7b\n"
    "  orrery compare --arch gpu/a100-sxm-80gb --arch gpu/h100-sxm --model llama-3-8b --format csv\n"
    "  orrery compare --arch gpu/a100-sxm-80gb --arch gpu/h100-sxm --model llama-3-8b arch.dram.channels=64\n"
    "  orrery compare --arch gpu/h100-sxm --power-cap 300,500,700 --model llama-3-8b --batch 64\n";

// Each machine under each of the caps, named so.
std::vector<Question> at_caps(const std::vector<Question>& questions, const std::string& list) {
  std::vector<Question> capped;
  for (const Question& question : questions) {
    for (const double watts : positive_numbers("--power-cap", list, "power in watts")) {
      capped.push_back(question);
      capped.back().power_cap_w = watts;
    }
  }
  return capped;
}

// Why the model does not fit the machine, before anything is simulated; "" when it does.
std::string why_refused(const Posed& s) {
  try {
    plan_batches(*s.llm, s.scenario, s.arch, s.runtime);
    return "";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

// Joules of machines that do not count the same things say nothing side by side.
void warn_of_unlike_energy(const std::vector<nlohmann::ordered_json>& results) {
  const nlohmann::ordered_json* first = nullptr;
  for (const nlohmann::ordered_json& r : results) {
    if (r.contains("refused")) continue;
    if (first == nullptr) first = &r;
    for (const auto& [part, joules] : r.at("energy_j").items()) {
      const bool here = !joules.is_null();
      const bool there = !first->at("energy_j").at(part).is_null();
      if (here == there) continue;
      const nlohmann::ordered_json& without = here ? *first : r;
      const nlohmann::ordered_json& with = here ? r : *first;
      std::cerr << fmt::format("orrery: warning: {} has no figures for energy of {}, which {} counts\n",
                               without.at("arch").get<std::string>(), part,
                               with.at("arch").get<std::string>());
    }
  }
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
       "each machine under each of these caps instead of its own");
  add_jobs(options, "machines simulated at the same time");
  add_format(options);
  add_plot(options, "draw where the time goes");
  options.add(scenario_options()).add(fidelity_options()).add(patch_options());
  const ParsedOptions parsed = parse_options(arguments, options, kCompareUsage, kCompareExamples, kPatches);
  if (parsed.help) return 0;
  const po::variables_map& values = parsed.values;
  const OutputFormat format = format_from(values);
  check_plot(values);
  // Every machine and the model are read, and what cannot run is known, before anything is simulated.
  std::vector<Question> questions = questions_from(values["arch"].as<std::vector<std::string>>(), values);
  if (values.count("power-cap") != 0) questions = at_caps(questions, values["power-cap"].as<std::string>());
  const std::vector<Posed> posed_questions = posed_from(questions, values);
  Session session = session_from(values);
  session.accuracy();  // once, for all
  std::vector<std::function<std::string()>> tasks;
  std::vector<std::string> refused;  // by machine; "" = it runs
  for (const Posed& q : posed_questions) {
    check_formats(q.arch, q.scenario.formats);
    refused.push_back(why_refused(q));
    if (!refused.back().empty()) continue;
    tasks.emplace_back([&q, &session] {
      const Stopwatch watch;
      TerminalProgress progress(q.arch.name);
      RunResult result = evaluate(q, session, progress.callback());
      watch.stop(result.info);
      warn_of_store(session);
      return written(result).dump();
    });
  }
  if (tasks.empty()) throw ConfigError("", fmt::format("{}", fmt::join(refused, "\norrery: ")));
  const std::vector<std::string> answers = run_isolated(tasks, jobs_from(values));
  std::vector<nlohmann::ordered_json> results;
  std::size_t answered = 0;
  for (std::size_t i = 0; i < refused.size(); ++i) {
    const Posed& q = posed_questions[i];
    results.push_back(refused[i].empty() ? nlohmann::ordered_json::parse(answers[answered++])
                                         : written(RefusedResult{q.arch.name, q.llm->name, refused[i]}));
  }
  warn_of_unlike_energy(results);
  draw_plot(values, split_bars(results, "time_s", "time along the critical path", "s"));
  print_result(format, results, [&] { return run_table(results); });
  return 0;
}

}  // namespace orrery
