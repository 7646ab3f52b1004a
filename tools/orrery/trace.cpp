#include <iostream>

#include "tools/orrery/import_options.h"
#include "tools/orrery/question_options.h"
#include "tools/orrery/trace_show.h"

namespace orrery {
namespace {

const char* const kMakeUsage =
    "orrery trace make --model NAME --arch NAME --out FILE [options]\n"
    "Writes the operator stream that `run` would generate (the machine says what it fuses and how it "
    "splits).";
const char* const kMakeExamples =
    "  orrery trace make --model gpt2 --arch gpu/a100-sxm-80gb --input 64 --output 4 --out gpt2.jsonl\n"
    "  orrery run --arch gpu/a100-sxm-80gb --trace gpt2.jsonl\n";
const char* const kConvertUsage =
    "orrery trace convert FILE --out FILE [options]\n"
    "A trace of another tool as one of Orrery's, or of Chakra's.";
const char* const kConvertExamples =
    "  orrery trace convert all_reduce.0.et --out all_reduce.jsonl\n"
    "  orrery trace convert gpt2.jsonl --out gpt2.et\n";

int make(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()                                                                                     //
      ("arch", po::value<std::string>()->required()->value_name("NAME"), "machine: a name or a YAML file")  //
      ("model", po::value<std::string>()->required()->value_name("NAME"),
       "model: a name or a config.json")  //
      ("out", po::value<std::string>()->required()->value_name("FILE"), "file to write, .jsonl or .et");
  options.add(scenario_options());
  const ParsedOptions parsed = parse_options(arguments, options, kMakeUsage, kMakeExamples);
  if (parsed.help) return 0;
  const Posed question = posed_from(parsed.values["arch"].as<std::string>(), parsed.values);
  if (question.arch.execution.stored_weights)
    throw ConfigError("", question.arch.name +
                              " reads weights from storage ('stored_weights'), which an operator "
                              "stream does not hold");
  const ModelStream stream(*question.llm, question.scenario, question.runtime.on(question.arch.execution),
                           question.runtime.token_budget);
  write_any_trace(stream, parsed.values["out"].as<std::string>());
  return 0;
}

int convert(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()                                                                              //
      ("file", po::value<std::string>()->required()->value_name("FILE"), "trace (may stand alone)")  //
      ("out", po::value<std::string>()->required()->value_name("FILE"),
       "file to write: .jsonl is Orrery's own, .et is Chakra's, a file NAME.R.et for each device");
  options.add(import_options());
  const ParsedOptions parsed = parse_options(arguments, options, kConvertUsage, kConvertExamples, "file");
  if (parsed.help) return 0;
  const auto file = parsed.values["file"].as<std::string>();
  const ImportedTrace trace = read_told(file, import_options_from(parsed.values));
  expect_whole(trace, file);
  write_any_trace(trace.stream, parsed.values["out"].as<std::string>());
  return 0;
}

}  // namespace

int trace_command(const Arguments& arguments) {
  const Arguments rest(arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end());
  if (!arguments.empty() && arguments[0] == "make") return make(rest);
  if (!arguments.empty() && arguments[0] == "show") return trace_show_command(rest);
  if (!arguments.empty() && arguments[0] == "convert") return convert(rest);
  if (!arguments.empty() && (arguments[0] == "--help" || arguments[0] == "-h")) {
    std::cout << kMakeUsage << "\n\n"
              << kTraceShowUsage << "\n\n"
              << kConvertUsage << "\n\nExamples:\n"
              << kMakeExamples << kTraceShowExamples << kConvertExamples;
    return 0;
  }
  throw UsageError("trace needs 'make', 'show' or 'convert'; see 'orrery trace --help'");
}

}  // namespace orrery
