#include <fmt/format.h>

#include "sim/report/result_charts.h"
#include "sim/report/result_fields.h"
#include "sim/report/result_table.h"
#include "sim/timing/matrix_timing.h"
#include "sim/util/errors.h"
#include "sim/workload/operator_counts.h"
#include "tools/orrery/import_options.h"
#include "tools/orrery/output.h"
#include "tools/orrery/question_options.h"

namespace orrery {
namespace {

const char* const kRunUsage =
    "orrery run --arch NAME (--model NAME | --trace FILE) [KEY=VALUE ...] [options]\n"
    "One inference on one machine: latency, energy and where they go.";
const char* const kRunExamples =
    "  orrery run --arch gpu/a100-sxm-80gb --model llama-2-7b --input 1024 --output 128\n"
    "  orrery run --arch asic/tpu-v5e --model gpt2-xl --batch 8 --input 512 --format json\n"
    "  orrery run --arch gpu/h100-sxm --model llama-3-8b --devices 4 --fidelity roofline\n"
    "  orrery run --arch gpu/h100-sxm --model llama-3-70b --tp 4 --pp 2 --batch 32\n"
    "  orrery run --arch gpu/h200-sxm --model deepseek-v3 --dp 8 --ep 8 --batch 1024 --input 4096 --output "
    "2\n"
    "  orrery run --arch gpu/h100-sxm --model llama-3-8b --step prefill:1x512@2048,decode:64@4096\n"
    "  orrery run --arch gpu/h100-sxm --model llama-3-8b --weights int4 --kv fp8 --fidelity roofline\n"
    "  orrery run --arch gpu/h100-sxm --model llama-3-8b --sparsity 2:4 --attention window:4096+global:64\n"
    "  orrery run --arch gpu/h100-sxm --model llama-3-8b arch.dram.channels=96 arch.clock_ghz=1.2\n"
    "  orrery run --arch gpu/a100-sxm-80gb --trace step.jsonl\n"
    "  orrery run --arch gpu/h100-sxm --trace all_reduce.0.et\n";

void refuse_what_a_trace_says(const po::variables_map& values) {
  for (const char* fixed :
       {"model", "layers", "output", "weights", "activations", "kv", "sparsity", "attention", "tp", "pp",
        "ep", "dp", "cp", "micro-batches", "expert-load", "step"}) {
    if (values.count(fixed) != 0 && !values[fixed].defaulted())
      throw UsageError(std::string("--") + fixed + " is part of the trace; leave it out");
  }
}

// A foreign file is in formats of its own; what the machine lacks may be asked for in another.
void expect_formats(const ImportedTrace& trace, const ArchSpec& arch, const std::string& file) {
  for_each_graph(trace.stream, [&](const OperatorGraph& graph, std::uint64_t, std::uint32_t) {
    for (const Operator& op : graph.operators) {
      if (trace.coverage.format.empty() || operator_macs(op) == 0 ||
          supports_dtype(arch.cores.matrix, op.dtype))
        continue;
      throw ConfigError(file,
                        fmt::format("has {} in {}, which {} does not multiply; --dtype says another format",
                                    to_string(op.kind), to_string(op.dtype), arch.name));
    }
  });
}

RunResult answer(const po::variables_map& values, const Posed& question, Session& session) {
  TerminalProgress progress(question.arch.name);
  if (values.count("trace") == 0) return evaluate(question, session, progress.callback());
  const auto file = values["trace"].as<std::string>();
  const ImportedTrace trace =
      read_told(file, import_options_from(values, question.arch.execution.default_dtype));
  expect_whole(trace, file);
  expect_formats(trace, question.arch, file);
  return evaluate(question, trace.stream, session, progress.callback());
}

}  // namespace

int run_command(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()                                                                                     //
      ("arch", po::value<std::string>()->required()->value_name("NAME"), "machine: a name or a YAML file")  //
      ("model", po::value<std::string>()->value_name("NAME"), "model: a name or a config.json")             //
      ("trace", po::value<std::string>()->value_name("FILE"),
       "operator stream to replay instead of a model, Orrery's or another tool's (orrery trace show)");
  add_format(options);
  add_plot(options, "draw where the time goes");
  options.add(scenario_options()).add(past_option()).add(fidelity_options()).add(patch_options());
  const ParsedOptions parsed = parse_options(arguments, options, kRunUsage, kRunExamples, kPatches);
  if (parsed.help) return 0;
  const OutputFormat format = format_from(parsed.values);
  check_plot(parsed.values);
  const po::variables_map& values = parsed.values;
  if (values.count("trace") != 0) refuse_what_a_trace_says(values);
  if (values.count("trace") == 0 && values.count("past") != 0)
    throw UsageError("--past is of graphs that --trace names");
  if (values.count("trace") == 0 && values.count("model") == 0)
    throw UsageError("--model or --trace is needed; see --help");
  const Stopwatch watch;
  Session session = session_from(values);
  const Posed question = posed_from(values["arch"].as<std::string>(), values);
  RunResult result = answer(values, question, session);
  watch.stop(result.info);
  warn_of_store(session);
  const nlohmann::ordered_json json = written(result);
  draw_plot(values, split_bars({json}, "time_s", "time along the critical path", "s"));
  print_result(format, json, [&] { return run_table({json}); });
  return 0;
}

}  // namespace orrery
