#include <fmt/format.h>

#include "sim/report/text_table.h"
#include "sim/study/explain.h"
#include "tools/orrery/output.h"
#include "tools/orrery/question_options.h"

namespace orrery {
namespace {

const char* const kExplainUsage =
    "orrery explain --arch NAME --model NAME [KEY=VALUE ...] [options]\n"
    "What binds an inference, and what each resource of the machine is worth to it: half and twice as much "
    "of\n"
    "bandwidths, capacities, cores, clock, latencies and launches, one at a time, most effect first.";
const char* const kExplainExamples =
    "  orrery explain --arch gpu/h100-sxm --model llama-3-8b --input 1024 --output 128\n"
    "  orrery explain --arch asic/edge-npu --model gpt2 --input 128 --output 32 --format json\n";

std::string cell(const std::optional<Figure>& ratio) {
  return ratio ? fmt::format("{:.3f}", double{*ratio}) : "-";
}

std::string explanation_table(const Explanation& told) {
  std::string out =
      fmt::format("{} on {}: {}\nprefill: {:.0f} % of its time is {}\n", told.model, told.arch,
                  si(double{told.latency_s}, "s"), 100 * double{told.prefill_share}, told.prefill_bound);
  if (!told.decode_bound.empty())
    out += fmt::format("decode: {:.0f} % of its time is {}\n", 100 * double{told.decode_share},
                       told.decode_bound);
  std::vector<std::vector<std::string>> rows = {{"", "has", "elasticity", "half: TTFT", "TPOT", "energy",
                                                 "area", "twice: TTFT", "TPOT", "energy", "area"}};
  std::string refused;
  for (const ResourceWorth& w : told.resources) {
    std::vector<std::string> row = {w.resource, people(double{w.value}),
                                    fmt::format("{:+.3f}", w.elasticity)};
    for (const ResourceEffect* e : {&w.half, &w.twice}) {
      for (const auto& ratio : {e->ttft, e->tpot, e->energy, e->area}) row.push_back(cell(ratio));
      if (!e->refused.empty())
        refused += fmt::format("{} of {}: {}\n", w.resource, people(double{e->value}), e->refused);
    }
    rows.push_back(row);
  }
  return out + "\n" + format_table(rows) +
         "\nratios to the machine as it is; elasticity: per cent less latency for a per cent more\n" +
         refused;
}

}  // namespace

int explain_command(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()                                                                                     //
      ("arch", po::value<std::string>()->required()->value_name("NAME"), "machine: a name or a YAML file")  //
      ("model", po::value<std::string>()->required()->value_name("NAME"), "model: a name or a config.json");
  add_jobs(options, "machines simulated at the same time");
  add_format(options);
  options.add(scenario_options()).add(fidelity_options()).add(patch_options());
  const ParsedOptions parsed = parse_options(arguments, options, kExplainUsage, kExplainExamples, kPatches);
  if (parsed.help) return 0;
  const po::variables_map& values = parsed.values;
  const OutputFormat format = format_from(values);
  const std::vector<Question> questions = questions_from({values["arch"].as<std::string>()}, values);
  Session session = session_from(values);
  session.accuracy();
  const Explanation told =
      explain(configurations_of(questions, patches_from(values)).front(), session, jobs_from(values));
  print_result(format, written(told), [&] { return explanation_table(told); });
  return 0;
}

}  // namespace orrery
