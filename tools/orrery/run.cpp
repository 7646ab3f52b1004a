#include "sim/config/arch_loader.h"
#include "sim/estimate/expected_error.h"
#include "sim/estimate/price_figures.h"
#include "sim/report/result_json.h"
#include "sim/report/result_table.h"
#include "sim/serve/inference.h"
#include "sim/workload/trace_reader.h"
#include "tools/orrery/output.h"
#include "tools/orrery/scenario_options.h"

namespace orrery {
namespace {

const char* const kUsage =
    "orrery run --arch NAME (--model NAME | --trace FILE) [options]\n"
    "One inference on one machine: latency, energy and where they go.";
const char* const kExamples =
    "  orrery run --arch gpu/a100-sxm-80gb --model llama-2-7b --input 1024 --output 128\n"
    "  orrery run --arch asic/tpu-v5e --model gpt2-xl --batch 8 --input 512 --format json\n"
    "  orrery run --arch gpu/h100-sxm --model llama-3-8b --devices 4 --fidelity roofline\n"
    "  orrery run --arch gpu/a100-sxm-80gb --trace step.jsonl\n";

RunResult replay(const po::variables_map& values, const ArchSpec& arch, const RunnerOptions& runner,
                 const RuntimeSpec& runtime, const Progress& progress) {
  for (const char* fixed : {"model", "layers", "batch", "input", "output", "dtype", "devices", "tp"}) {
    if (values.count(fixed) != 0 && !values[fixed].defaulted())
      throw UsageError(std::string("--") + fixed + " is part of the trace; leave it out");
  }
  const RecordedStream stream = read_trace_file(values["trace"].as<std::string>());
  return run_inference(stream, arch, runner, progress, runtime);
}

RunResult generate(const po::variables_map& values, const ArchSpec& arch, const RunnerOptions& runner,
                   const RuntimeSpec& runtime, const Progress& progress) {
  if (values.count("model") == 0) throw UsageError("--model or --trace is needed; see --help");
  LlmSpec llm = load_llm_named(values["model"].as<std::string>());
  truncate_layers(values, llm);
  return run_model(llm, scenario_from(values, arch, llm.encoder_only), arch, runner, runtime, progress);
}

}  // namespace

int run_command(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()                                                                                     //
      ("arch", po::value<std::string>()->required()->value_name("NAME"), "machine: a name or a YAML file")  //
      ("model", po::value<std::string>()->value_name("NAME"), "model: a name or a config.json")             //
      ("trace", po::value<std::string>()->value_name("FILE"),
       "operator stream to replay instead of a model")  //
      ("format", po::value<std::string>()->default_value("table")->value_name("F"), "table, json or csv");
  options.add(scenario_options()).add(fidelity_options());
  const ParsedOptions parsed = parse_options(arguments, options, kUsage, kExamples);
  if (parsed.help) return 0;
  const OutputFormat format = parse_format(parsed.values["format"].as<std::string>());
  const RunnerOptions runner = runner_options_from(parsed.values);
  const Stopwatch watch;
  const ArchSpec arch = load_arch_for(parsed.values["arch"].as<std::string>(), parsed.values);
  const RuntimeSpec runtime = runtime_from(parsed.values);
  RunResult result;
  {
    TerminalProgress progress(arch.name);
    const auto& how = parsed.values.count("trace") != 0 ? replay : generate;
    result = how(parsed.values, arch, runner, runtime, progress.callback());
  }
  watch.stop(result.info);
  result.expected = expected_error(result, arch, load_accuracy());
  add_price_figures(result, arch, load_technology(), load_prices());
  const nlohmann::ordered_json json = to_json(result);
  print_result(format, json, [&] { return run_table({json}); });
  return 0;
}

}  // namespace orrery
