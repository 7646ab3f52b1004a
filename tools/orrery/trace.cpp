#include <fmt/format.h>

#include <iostream>
#include <map>

#include "sim/report/text_table.h"
#include "sim/workload/formats/trace_reader.h"
#include "sim/workload/formats/trace_writer.h"
#include "sim/workload/operator_counts.h"
#include "tools/orrery/output.h"
#include "tools/orrery/question_options.h"

namespace orrery {
namespace {

const char* const kMakeUsage =
    "orrery trace make --model NAME --arch NAME --out FILE [options]\n"
    "Writes the operator stream that `run` would generate (the machine says what it fuses and how it "
    "splits).";
const char* const kMakeExamples =
    "  orrery trace make --model gpt2 --arch gpu/a100-sxm-80gb --input 64 --output 4 --out gpt2.jsonl\n"
    "  orrery run --arch gpu/a100-sxm-80gb --trace gpt2.jsonl\n";
const char* const kShowUsage =
    "orrery trace show FILE [options]\n"
    "Operators of a trace by kind: how many, their FLOPs and bytes.";
const char* const kShowExamples =
    "  orrery trace show gpt2.jsonl\n  orrery trace show gpt2.jsonl --format json\n";

int make(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()                                                                                     //
      ("arch", po::value<std::string>()->required()->value_name("NAME"), "machine: a name or a YAML file")  //
      ("model", po::value<std::string>()->required()->value_name("NAME"),
       "model: a name or a config.json")  //
      ("out", po::value<std::string>()->required()->value_name("FILE"), "file to write");
  options.add(scenario_options());
  const ParsedOptions parsed = parse_options(arguments, options, kMakeUsage, kMakeExamples);
  if (parsed.help) return 0;
  const Posed question = posed_from(parsed.values["arch"].as<std::string>(), parsed.values);
  const ModelStream stream(*question.llm, question.scenario, question.runtime.on(question.arch.execution),
                           question.runtime.token_budget);
  write_trace_file(stream, parsed.values["out"].as<std::string>());
  return 0;
}

struct Totals {
  std::uint64_t operators = 0, macs = 0, read = 0, written = 0;
};

void collect(const OperatorGraph& graph, std::uint64_t times, std::map<std::string, Totals>& by_kind) {
  for (const Operator& op : graph.operators) {
    for (const std::string& key : {std::string(to_string(op.phase)) + " " + to_string(op.kind),
                                   std::string(to_string(op.phase)) + " total"}) {
      Totals& t = by_kind[key];
      const OperatorBytes bytes = operator_bytes(op);
      t.operators += times;
      t.macs += times * operator_macs(op);
      t.read += times * bytes.read;
      t.written += times * bytes.written;
    }
  }
}

int show(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()  //
      ("file", po::value<std::string>()->required()->value_name("FILE"), "trace (may stand alone)");
  add_format(options);
  const ParsedOptions parsed = parse_options(arguments, options, kShowUsage, kShowExamples, "file");
  if (parsed.help) return 0;
  const OutputFormat format = format_from(parsed.values);
  const RecordedStream stream = read_trace_file(parsed.values["file"].as<std::string>());
  const StreamInfo& info = stream.info();
  std::map<std::string, Totals> by_kind;
  std::uint64_t prefill_steps = 0;
  for (std::uint64_t i = 0; i < info.prefill.size(); ++i) {
    collect(stream.prefill(i), info.prefill[i].times, by_kind);
    prefill_steps += info.prefill[i].times;
  }
  for (std::uint64_t i = 0; i < info.decode_graphs; ++i) collect(stream.decode(i), 1, by_kind);
  std::vector<nlohmann::ordered_json> rows;
  std::vector<std::vector<std::string>> table = {
      {"phase operator", "count", "FLOPs", "bytes read", "bytes written"}};
  for (const auto& [key, t] : by_kind) {
    rows.push_back({{"group", key},
                    {"operators", t.operators},
                    {"flops", 2 * t.macs},
                    {"read_bytes", t.read},
                    {"written_bytes", t.written}});
    table.push_back({key, std::to_string(t.operators), std::to_string(2 * t.macs), std::to_string(t.read),
                     std::to_string(t.written)});
  }
  print_result(format, rows, [&] {
    return fmt::format("{} {}, batch {}, {} in, {} out, {} device(s); {} prefill and {} decode step(s)\n\n",
                       info.model, to_string(info.scenario.formats.arithmetic()), info.scenario.batch,
                       info.scenario.input, info.scenario.output, info.scenario.split.devices(),
                       prefill_steps, info.decode_graphs) +
           format_table(table);
  });
  return 0;
}

}  // namespace

int trace_command(const Arguments& arguments) {
  const Arguments rest(arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end());
  if (!arguments.empty() && arguments[0] == "make") return make(rest);
  if (!arguments.empty() && arguments[0] == "show") return show(rest);
  if (!arguments.empty() && (arguments[0] == "--help" || arguments[0] == "-h")) {
    std::cout << kMakeUsage << "\n\n" << kShowUsage << "\n\nExamples:\n" << kMakeExamples << kShowExamples;
    return 0;
  }
  throw UsageError("trace needs 'make' or 'show'; see 'orrery trace --help'");
}

}  // namespace orrery
