#include "tools/orrery/load_options.h"

#include <cmath>
#include <cstdlib>

#include "sim/study/serving_part.h"

namespace orrery {
namespace {

constexpr std::uint64_t kMostTokens = std::uint64_t{1} << 27;
constexpr std::uint64_t kMostRequests = std::uint64_t{1} << 40;
constexpr double kFastest = 1e7;  // requests/s

std::optional<std::uint64_t> whole_if_given(const po::variables_map& values, const char* option,
                                            std::uint64_t least, std::uint64_t most) {
  if (values.count(option) == 0) return std::nullopt;
  return whole_between(values, option, least, most);
}

std::optional<bool> flag_if_given(const po::variables_map& values, const char* option) {
  const std::string word = given(values, option);
  if (word.empty()) return std::nullopt;
  if (word == "on" || word == "off") return word == "on";
  throw UsageError(std::string("--") + option + ": '" + word + "' is neither on nor off");
}

// "1024", "512..2048", "trace".
std::optional<LengthRange> range_from(const po::variables_map& values, const char* option, bool trace) {
  const std::string text = given(values, option);
  if (text.empty()) return std::nullopt;
  if (text == "trace") {
    if (!trace) throw UsageError(std::string("--") + option + " trace: there is no --trace");
    return std::nullopt;
  }
  const auto number = [&](const std::string& part) {
    char* end = nullptr;
    const double value = std::strtod(part.c_str(), &end);
    if (part.empty() || *end != '\0' || value < 1 || value > static_cast<double>(kMostTokens) ||
        value != std::floor(value))
      throw UsageError(std::string("--") + option + ": '" + text +
                       "'; a number of tokens, a range A..B, or trace");
    return static_cast<std::uint32_t>(value);
  };
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos) return LengthRange{number(text), number(text)};
  const LengthRange range{number(text.substr(0, dots)), number(text.substr(dots + 2))};
  if (range.low > range.high)
    throw UsageError(std::string("--") + option + ": '" + text + "' ends before it begins");
  return range;
}

}  // namespace

double time_from(const po::variables_map& values, const char* option) {
  const std::string text = given(values, option);
  if (text.empty()) return 0;
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const std::string unit = end;
  const double scale = unit.empty() || unit == "s" ? 1
                       : unit == "ms"              ? 1e-3
                       : unit == "us"              ? 1e-6
                       : unit == "min"             ? 60
                                                   : 0;
  if (end == text.c_str() || scale == 0 || !(value >= 0) || value * scale > 1e9)
    throw UsageError(std::string("--") + option + ": '" + text + "'; a time is: 1.5, 50ms, 20us, 5min");
  return value * scale;
}

po::options_description length_options() {
  po::options_description options("Lengths");
  options.add_options()  //
      ("trace", po::value<std::string>()->value_name("FILE"),
       "requests to replay: CSV (arrival_s,input_tokens,output_tokens; Azure's, BurstGPT's), Mooncake's JSON "
       "lines, a benchmark client's result")  //
      ("input", po::value<std::string>()->value_name("N|A..B|trace"),
       "prompt tokens (default: the trace's, or 1024)")  //
      ("output", po::value<std::string>()->value_name("N|A..B|trace"),
       "tokens of an answer (default: the trace's, or 128)")  //
      ("seed", po::value<std::int64_t>()->default_value(1)->value_name("S"), "of what is drawn");
  return options;
}

po::options_description load_options() {
  po::options_description options("Requests");
  options.add_options()  //
      ("rate", po::value<double>()->value_name("R"),
       "requests a second, in place of the trace's arrivals")  //
      ("arrivals", po::value<std::string>()->default_value("poisson")->value_name("A"),
       "with --rate: poisson, gamma (--cv) or fixed")  //
      ("cv", po::value<double>()->value_name("X"),
       "of gamma arrivals: standard deviation of the gaps over their mean (default 1)")  //
      ("concurrency", po::value<std::int64_t>()->value_name("N"),
       "closed loop: so many users, each of whom sends a request when the one before is answered")  //
      ("think", po::value<std::string>()->value_name("T"),
       "closed loop: a user's pause between answer and request")                                //
      ("offline", po::value<std::int64_t>()->value_name("N"), "so many requests, all at once")  //
      ("requests", po::value<std::int64_t>()->value_name("N"),
       "at most so many (default: the trace's; 1000 where they are drawn, 10 a user in a closed loop)")  //
      ("speedup", po::value<double>()->value_name("X"), "a trace's arrivals come X times as fast")       //
      ("shuffle", "a trace's lengths come in an order that --seed draws: a file may be sorted")          //
      ("distinct-prompts", po::value<std::int64_t>()->value_name("N"),
       "the same N prompts are sent in turn, so that a prefix cache finds them")  //
      ("shared-prefix", po::value<std::int64_t>()->value_name("N"), "tokens that all prompts begin with");
  return length_options().add(options);
}

LoadSpec lengths_from(const po::variables_map& values) {
  LoadSpec load;
  load.trace = given(values, "trace");
  const bool trace = !load.trace.empty();
  load.input = range_from(values, "input", trace);
  load.output = range_from(values, "output", trace);
  load.seed = whole_between(values, "seed", 0, std::uint64_t{1} << 62);
  return load;
}

LoadSpec load_from(const po::variables_map& values) {
  LoadSpec load = lengths_from(values);
  const bool trace = !load.trace.empty();
  const int ways = (values.count("rate") != 0 ? 1 : 0) + (values.count("concurrency") != 0 ? 1 : 0) +
                   (values.count("offline") != 0 ? 1 : 0);
  if (ways > 1) throw UsageError("one of --rate, --concurrency and --offline says when requests come");
  const bool found = values.count("find-rate") != 0;  // the rate is what is asked
  if (ways == 0 && !trace && !found)
    throw UsageError("--trace, --rate, --concurrency or --offline is needed; see --help");
  load.arrivals = named<ArrivalProcess>(values["arrivals"].as<std::string>(), "--arrivals");
  if (values.count("rate") != 0) load.rate = real_between(values, "rate", 1e-6, kFastest);
  if (values.count("cv") != 0) {
    if (load.arrivals != ArrivalProcess::gamma) throw UsageError("--cv is of --arrivals gamma");
    load.cv = real_between(values, "cv", 0.01, 100);
  }
  load.concurrency = whole_if_given(values, "concurrency", 1, 1'000'000).value_or(0);
  load.think_s = time_from(values, "think");
  if (load.think_s > 0 && !load.closed()) throw UsageError("--think is of a closed loop (--concurrency)");
  if (values.count("speedup") != 0) {
    if (!trace || ways > 0) throw UsageError("--speedup is of a trace's own arrivals");
    load.speedup = real_between(values, "speedup", 1e-6, 1e6);
  }
  load.shuffled = values.count("shuffle") != 0;
  if (load.shuffled && (!trace || (ways == 0 && !found)))
    throw UsageError(
        "--shuffle is of a --trace of lengths, whose requests come by --rate, --concurrency or --offline");
  load.distinct_prompts = whole_if_given(values, "distinct-prompts", 1, kMostRequests).value_or(0);
  load.shared_prefix =
      static_cast<std::uint32_t>(whole_if_given(values, "shared-prefix", 1, kMostTokens).value_or(0));
  const std::optional<std::uint64_t> offline = whole_if_given(values, "offline", 1, kMostRequests);
  load.offline = offline.has_value();
  const std::optional<std::uint64_t> most = whole_if_given(values, "requests", 1, kMostRequests);
  if (offline && most) throw UsageError("--offline says how many requests there are; leave --requests out");
  load.requests = offline ? *offline
                  : most  ? *most
                  : trace ? 0
                          : (load.closed() ? 10 * load.concurrency : 1000);
  return load;
}

po::options_description guessing_options() {
  po::options_description options("Speculative decoding");
  options.add_options()  //
      ("draft-tokens", po::value<std::int64_t>()->value_name("K"),
       "guessed for each sequence and step, and verified with its next one")  //
      ("acceptance", po::value<std::string>()->value_name("P,..."),
       "that at least 1, 2, ... of the guesses are kept (differences of tokens a step by K); one number: its "
       "powers")  //
      ("draft", po::value<std::string>()->value_name("D"),
       "who guesses: ngram (free), layer (a layer of the model and its head, as MTP and EAGLE), or a model's "
       "name (default: layer)");
  return options;
}

std::optional<Guessing> guessing_from(const po::variables_map& values, const LlmSpec& llm) {
  if (values.count("draft-tokens") == 0) {
    if (values.count("draft") + values.count("acceptance") > 0)
      throw UsageError("--draft and --acceptance are of --draft-tokens");
    return std::nullopt;
  }
  if (values.count("acceptance") == 0)
    throw UsageError(
        "--draft-tokens: how many guesses are kept (--acceptance) is known of measurements alone");
  Guessing g = guessing_of(static_cast<std::uint32_t>(whole_between(values, "draft-tokens", 1, 64)),
                           positive_numbers("--acceptance", given(values, "acceptance"), "shares"),
                           given(values, "draft"), llm);
  g.how.seed = whole_between(values, "seed", 0, std::uint64_t{1} << 62);
  return g;
}

po::options_description target_options() {
  po::options_description options("Targets");
  options.add_options()                                                                                //
      ("ttft", po::value<std::string>()->value_name("T"), "to the first token, at most (1.5, 200ms)")  //
      ("tpot", po::value<std::string>()->value_name("T"), "per output token after it, at most")        //
      ("e2e", po::value<std::string>()->value_name("T"), "to the last token, at most");
  return options;
}

RequestTargets targets_from(const po::variables_map& values) {
  return {time_from(values, "ttft"), time_from(values, "tpot"), time_from(values, "e2e")};
}

po::options_description scheduler_options() {
  po::options_description options("Scheduler, in place of the runtime's");
  options.add_options()  //
      ("policy", po::value<std::string>()->value_name("P"),
       "static, vllm_v0, vllm_v1, sglang, trtllm_no_evict or trtllm_max_utilization")                    //
      ("token-budget", po::value<std::int64_t>()->value_name("N"), "tokens of a step")                   //
      ("max-sequences", po::value<std::int64_t>()->value_name("N"), "sequences at once")                 //
      ("kv-blocks", po::value<std::int64_t>()->value_name("N"), "blocks of keys and values")             //
      ("block-tokens", po::value<std::int64_t>()->value_name("N"), "tokens of a block")                  //
      ("memory-share", po::value<double>()->value_name("X"), "of a device's memory that may be filled")  //
      ("host-kv", po::value<double>()->value_name("GB"),
       "of the host's memory, a device: prompts that lose their place on the device and sequences that are "
       "set "
       "back go there")  //
      ("host-link", po::value<double>()->value_name("GB/S"),
       "with --host-kv: a device's way there (default: its node's)")                             //
      ("chunked-prefill", po::value<std::string>()->value_name("on|off"), "prompts may be cut")  //
      ("prefix-cache", po::value<std::string>()->value_name("on|off"),
       "keys and values are kept for prompts that begin alike")  //
      ("ahead", po::value<std::string>()->value_name("on|off"), "a step is formed while the one before runs");
  return options;
}

ServingOverrides overrides_from(const po::variables_map& values) {
  ServingOverrides o;
  if (values.count("policy") != 0) o.policy = named<SchedulerPolicy>(given(values, "policy"), "--policy");
  o.token_budget = whole_if_given(values, "token-budget", 1, 1'000'000'000);
  o.sequences = whole_if_given(values, "max-sequences", 1, 1'000'000);
  o.kv_blocks = whole_if_given(values, "kv-blocks", 1, 4'000'000'000);
  o.block_tokens = whole_if_given(values, "block-tokens", 1, 65536);
  if (values.count("memory-share") != 0) o.memory_share = real_between(values, "memory-share", 0.01, 1);
  if (values.count("host-kv") != 0) o.host_kv_bytes = 1e9 * real_between(values, "host-kv", 1e-3, 1e6);
  if (values.count("host-link") != 0) {
    if (o.host_kv_bytes <= 0) throw UsageError("--host-link is of --host-kv");
    o.host_bytes_per_s = 1e9 * real_between(values, "host-link", 1e-3, 1e6);
  }
  o.chunked_prefill = flag_if_given(values, "chunked-prefill");
  o.prefix_cache = flag_if_given(values, "prefix-cache");
  o.ahead = flag_if_given(values, "ahead");
  return o;
}

}  // namespace orrery
