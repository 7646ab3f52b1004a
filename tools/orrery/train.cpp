#include "sim/report/result_table.h"
#include "sim/report/training_fields.h"
#include "sim/study/configured.h"
#include "sim/study/evaluate.h"
#include "sim/study/training_part.h"
#include "tools/orrery/output.h"
#include "tools/orrery/question_options.h"

namespace orrery {
namespace {

const char* const kTrainUsage =
    "orrery train --arch NAME --model NAME [KEY=VALUE ...] [options]\n"
    "One iteration of training: forward and backward passes, exchange of gradients, optimizer; time, memory, "
    "energy.";
const char* const kTrainExamples =
    "  orrery train --arch gpu/a100-sxm-80gb --model gpt2-xl --dp 8 --batch 512 --micro-batch 8 --sequence "
    "1024\n"
    "  orrery train --arch gpu/h100-sxm --node h100_dgx --model llama-3-70b --tp 8 --pp 4 --dp 2 --batch 256 "
    "--sequence 8192 --recompute selective --zero 1\n"
    "  orrery train --arch gpu/h100-sxm --model llama-3-8b --dp 8 --zero 3 --batch 64 --format json\n";

constexpr std::uint64_t kMostSequences = std::uint64_t{1} << 24;
constexpr std::uint64_t kMostChunks = 1024;

TrainingPart part_from(const po::variables_map& values) {
  TrainingPart part;
  part.micro_batch = whole_between(values, "micro-batch", 1, kMostSequences);
  part.interleave = static_cast<std::uint32_t>(whole_between(values, "interleave", 1, kMostChunks));
  part.zero = static_cast<std::uint32_t>(whole_between(values, "zero", 0, 3));
  part.recompute = named<Recompute>(values["recompute"].as<std::string>(), "--recompute");
  part.gradients = values["gradients"].as<std::string>();
  part.overlaps = values.count("no-overlap") == 0;
  return part;
}

}  // namespace

int train_command(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()                                                                                     //
      ("arch", po::value<std::string>()->required()->value_name("NAME"), "machine: a name or a YAML file")  //
      ("model", po::value<std::string>()->required()->value_name("NAME"), "model: a name or a config.json");
  add_format(options);
  po::options_description iteration("An iteration");
  iteration.add_options()                                                                                   //
      ("batch", po::value<std::int64_t>()->default_value(1)->value_name("N"), "sequences of an iteration")  //
      ("micro-batch", po::value<std::int64_t>()->default_value(1)->value_name("N"),
       "sequences that go through a replica at once")  //
      ("sequence", po::value<std::int64_t>()->default_value(2048)->value_name("N"),
       "tokens of a sequence")                                                                   //
      ("layers", po::value<std::int64_t>()->value_name("N"), "only the model's first N layers")  //
      ("dtype", po::value<std::string>()->value_name("T"),
       "format of weights and activations (default: the machine's)")  //
      ("gradients", po::value<std::string>()->default_value("fp32")->value_name("F"),
       "format in which gradients of weights are summed and exchanged")  //
      ("interleave", po::value<std::int64_t>()->default_value(1)->value_name("N"),
       "chunks of layers on each stage of the pipeline; 1: one forward, one backward")  //
      ("recompute", po::value<std::string>()->default_value("full")->value_name("R"),
       "what backward passes compute again: none, selective (attention's scores), full (layers)")  //
      ("zero", po::value<std::int64_t>()->default_value(0)->value_name("N"),
       "what replicas share: 1 optimizer states, 2 gradients too, 3 weights too")            //
      ("no-overlap", "gradients are exchanged after the last backward pass, not beside it")  //
      ("runtime", po::value<std::string>()->default_value("ideal")->value_name("R"),
       "software stack (orrery list runtimes)");
  options.add(iteration).add(division_options()).add(fidelity_options()).add(patch_options());
  const ParsedOptions parsed = parse_options(arguments, options, kTrainUsage, kTrainExamples, kPatches);
  if (parsed.help) return 0;
  const OutputFormat format = format_from(parsed.values);
  const po::variables_map& values = parsed.values;
  const Stopwatch watch;
  Session session = session_from(values);
  const Posed question = posed_from(values["arch"].as<std::string>(), values);
  TerminalProgress progress(question.arch.name);
  TrainingResult result =
      evaluate(question, training_plan_of(part_from(values), question), session, progress.callback());
  watch.stop(result.info);
  warn_of_store(session);
  const nlohmann::ordered_json json = written(result);
  print_result(format, json, [&] { return training_table(json); });
  return 0;
}

}  // namespace orrery
