// `orrery serve`: requests through a model's replicas.

#include <fmt/format.h>

#include <iostream>

#include "sim/report/result_charts.h"
#include "sim/report/serving_fields.h"
#include "sim/util/errors.h"
#include "sim/util/whole_file.h"
#include "tools/orrery/load_options.h"
#include "tools/orrery/output.h"
#include "tools/orrery/question_options.h"

namespace orrery {
namespace {

const char* const kServeUsage =
    "orrery serve --arch NAME --model NAME (--trace FILE | --rate R | --concurrency N | --offline N)\n"
    "             [KEY=VALUE ...] [options]\n"
    "Requests served by a model on its machines: latencies of requests, throughput, goodput, energy.";
const char* const kServeExamples =
    "  orrery serve --arch gpu/h100-sxm --model llama-3-70b --tp 4 --runtime vllm-0.19 --rate 3 --input 1500 "
    "--output 300\n"
    "  orrery serve --arch gpu/h100-sxm --model llama-3-8b --runtime vllm-0.19 --trace azure2023_conv.csv\n"
    "  orrery serve --arch gpu/h200-sxm --model gpt-oss-120b --runtime sglang-0.5 --concurrency 64 --input "
    "820..1024 --output 820..1024\n"
    "  orrery serve --arch gpu/h100-sxm --model llama-3-70b --tp 4 --runtime vllm-0.19 --rate 1 --find-rate "
    "--ttft 1 --tpot 50ms\n"
    "  orrery serve --arch gpu/h100-sxm --model llama-3-8b --runtime vllm-0.19 --replicas 4 --router "
    "least_loaded --rate 40\n"
    "  orrery serve --arch gpu/h200-sxm --model llama-3-70b --tp 2 --prefill-replicas 3 --prefill-tp 1 "
    "--rate 4\n"
    "  orrery serve --arch gpu/h100-sxm --model llama-3-70b --tp 4 --draft-tokens 4 --draft llama-3-8b "
    "--acceptance 0.8 --concurrency 8\n"
    "  orrery serve --arch asic/tpu-v6e --model llama-3-8b --rate 2 --requests-out requests.csv\n";

constexpr std::uint64_t kMostReplicas = 100000;

po::options_description replica_options() {
  po::options_description options("Replicas");
  options.add_options()                                                                                  //
      ("replicas", po::value<std::int64_t>()->default_value(1)->value_name("N"), "copies of the model")  //
      ("router", po::value<std::string>()->default_value("round_robin")->value_name("R"),
       "which replica a request goes to: round_robin, least_loaded, prefix_aware")  //
      ("prefill-replicas", po::value<std::int64_t>()->value_name("N"),
       "copies that compute prompts alone and hand keys and values over to the others")  //
      ("prefill-arch", po::value<std::string>()->value_name("NAME"),
       "the machine that they are on (default: --arch)")  //
      ("prefill-tp", po::value<std::int64_t>()->value_name("N"),
       "their tensor parallelism (default: --tp)")  //
      ("kv-link", po::value<double>()->value_name("GB/S"),
       "of a copy that computes prompts: what its keys and values leave by (default: its node's links)")  //
      ("handover", po::value<std::string>()->value_name("T"),
       "what handing over takes beside the wire (default: the runtime's)");
  return options;
}

po::options_description answer_options() {
  po::options_description options("Answers");
  options.add_options()                                                //
      ("find-rate", "the highest rate at which the targets are kept")  //
      ("good-share", po::value<double>()->default_value(0.9)->value_name("X"),
       "with --find-rate: of the requests, that must keep them")  //
      ("requests-out", po::value<std::string>()->value_name("FILE.csv"), "times of every request");
  add_plot(options, "draw requests that wait and run, over time");
  return options;
}

// A line of the requests' file; they come in the order in which they are finished.
constexpr const char* kRequestHeader =
    "number,arrival_s,input_tokens,output_tokens,cached_tokens,preemptions,scheduled_s,first_token_s,"
    "last_token_s\n";
std::string line_of(const RequestOutcome& o) {
  return fmt::format("{},{:.9g},{},{},{},{},{:.9g},{:.9g},{:.9g}\n", o.number, o.arrival_s, o.input, o.output,
                     o.cached, o.preemptions, o.scheduled_s, o.first_token_s, o.last_token_s);
}

ServeRequest request_from(const po::variables_map& values) {
  ServeRequest request;
  request.load = load_from(values);
  request.targets = targets_from(values);
  request.overrides = overrides_from(values);
  request.replicas = static_cast<std::uint32_t>(whole_between(values, "replicas", 1, kMostReplicas));
  request.router = named<RouterKind>(given(values, "router"), "--router");
  request.find_rate = values.count("find-rate") != 0;
  request.good_share = real_between(values, "good-share", 0.01, 1);
  if (request.find_rate && !request.targets.any())
    throw UsageError("--find-rate looks for the highest rate under targets: give --ttft, --tpot or --e2e");
  if (request.find_rate && (request.load.closed() || request.load.offline))
    throw UsageError("--find-rate varies --rate; a closed loop and --offline have none");
  if (request.find_rate && values.count("requests-out") != 0)
    throw UsageError("--requests-out is of one load; --find-rate tries many");
  return request;
}

}  // namespace

int serve_command(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()                                                                                     //
      ("arch", po::value<std::string>()->required()->value_name("NAME"), "machine: a name or a YAML file")  //
      ("model", po::value<std::string>()->required()->value_name("NAME"), "model: a name or a config.json");
  add_format(options);
  options.add(load_options()).add(target_options()).add(answer_options()).add(replica_options());
  options.add(guessing_options())
      .add(scheduler_options())
      .add(model_options())
      .add(fidelity_options())
      .add(patch_options());
  const ParsedOptions parsed = parse_options(arguments, options, kServeUsage, kServeExamples, kPatches);
  if (parsed.help) return 0;
  const OutputFormat format = format_from(parsed.values);
  check_plot(parsed.values);
  const po::variables_map& values = parsed.values;
  ServeRequest request = request_from(values);
  const Stopwatch watch;
  Session session = session_from(values);
  const Posed question = posed_from(values["arch"].as<std::string>(), values);
  request.guessing = guessing_from(values, *question.llm);
  Posed prefills = question;
  std::unique_ptr<StepSizes> elsewhere;
  if (values.count("prefill-replicas") != 0) {
    if (values.count("prefill-arch") != 0) prefills = posed_from(given(values, "prefill-arch"), values);
    request.prefilling = Prefilling{&prefills, 1, std::nullopt, 0};
    request.prefilling->replicas =
        static_cast<std::uint32_t>(whole_between(values, "prefill-replicas", 1, kMostReplicas));
    if (values.count("handover") != 0) request.prefilling->orchestration_s = time_from(values, "handover");
    if (values.count("kv-link") != 0)
      request.prefilling->link_bytes_per_s = 1e9 * real_between(values, "kv-link", 1e-3, 1e6);
    if (values.count("prefill-tp") != 0)
      prefills.scenario.split.tensor =
          static_cast<std::uint32_t>(whole_between(values, "prefill-tp", 1, kMostReplicas));
    if (prefills.timing_digest != question.timing_digest) {
      elsewhere = sizes_elsewhere(prefills, request, session);
      request.prefilling->sizes = elsewhere.get();
    }
  } else if (values.count("prefill-arch") + values.count("prefill-tp") + values.count("kv-link") +
                 values.count("handover") >
             0) {
    throw UsageError("--prefill-arch, --prefill-tp, --kv-link and --handover are of --prefill-replicas");
  }
  TerminalProgress progress(question.arch.name);
  ServingResult result;
  const auto serve = [&] { result = evaluate(question, request, session, progress.callback()); };
  if (values.count("requests-out") == 0) {
    serve();
  } else {
    write_whole(given(values, "requests-out"), [&](std::ostream& out) {
      out << kRequestHeader;
      request.each = [&](const RequestOutcome& outcome) { out << line_of(outcome); };
      serve();
    });
  }
  draw_plot(values, load_curve(written(result)));
  watch.stop(result.info);
  warn_of_store(session);
  if (result.refused > 0)
    std::cerr << "orrery: warning: " << result.refused << " requests can never run: " << result.why_refused
              << '\n';
  print_result(format, written(result), [&] { return serving_table(result); });
  return 0;
}

}  // namespace orrery
