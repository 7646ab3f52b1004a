#include "sim/validate/serving_load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <regex>

#include "sim/serve/request_trace.h"
#include "sim/study/serving_part.h"
#include "sim/util/errors.h"
#include "sim/validate/reference_kind.h"

namespace orrery {
namespace {

constexpr std::uint64_t kWholeTrace = ~std::uint64_t{0};
constexpr double kLoadSeconds = 600;  // of an open loop that does not say how many requests it sent

bool is_file(const std::string& trace) {
  return trace.size() > 4 && trace.find('.') != std::string::npos;
}

std::optional<double> number_before(const std::string& text, const std::string& words) {
  std::smatch found;
  if (!std::regex_search(text, found, std::regex("([0-9.]+) " + words))) return std::nullopt;
  return std::stod(found[1].str());
}

// "uniform 819-1024", "580-604", "+-2 %"; else all of the mean's length.
LengthRange range_of(const CsvRow& row, const std::string& side) {
  const double mean = needed_in(row, side + "_mean");
  const std::string text = text_in(row, side + "_std_or_range");
  std::smatch found;
  if (std::regex_search(text, found, std::regex("^(?:uniform )?([0-9]+)-([0-9]+)$")))
    return {static_cast<std::uint32_t>(std::stoul(found[1].str())),
            static_cast<std::uint32_t>(std::stoul(found[2].str()))};
  double spread = 0;
  if (std::regex_search(text, found, std::regex("^\\+-([0-9.]+) %$")))
    spread = std::stod(found[1].str()) / 100;
  return {static_cast<std::uint32_t>(std::max(1.0, std::round(mean * (1 - spread)))),
          static_cast<std::uint32_t>(std::max(1.0, std::round(mean * (1 + spread))))};
}

void add_trace(const CsvRow& row, LoadSpec& load) {
  const std::filesystem::path trace =
      std::filesystem::path(text_in(row, kRowFile)).parent_path() / text_in(row, "trace");
  load.trace = trace.string();
  // "... replies: output_tokens_full of the trace, scaled to this mean".
  std::smatch found;
  const std::string outputs = text_in(row, "output_std_or_range");
  if (std::regex_search(outputs, found, std::regex("(\\w+) of the trace")))
    load.output_column = found[1].str();
  const auto means_of_first = [&](std::uint64_t most) {
    return means_of(*open_request_trace(load.trace, false, load.output_column), most);
  };
  LoadMeans means = means_of_first(load.requests);
  // A set of lengths without arrivals is drawn from, whole where nothing says how much of it.
  load.shuffled = text_in(row, "num_requests").empty() && load.rate > 0 && means.rate <= 0;
  if (load.shuffled) {
    load.requests = 0;
    means = means_of_first(kWholeTrace);
  }
  const double input = number_in(row, "input_mean");
  const double output = number_in(row, "output_mean");
  const bool scaled = load.shuffled || outputs.find("scaled") != std::string::npos;
  if (scaled && output > 0) load.output_scale = output / means.output;
  if (scaled && input > 0) load.input_scale = input / means.input;
  // A trace that is replayed keeps its arrivals, at the row's pace; one of a request a second is nominal.
  if (means.rate > 0 && load.rate > 0) {
    const double nominal = std::abs(means.rate - 1) < 0.1 ? 1 : means.rate;
    load.speedup = load.rate / nominal;
    load.rate = 0;
  }
}

}  // namespace

LoadSpec serving_load(const CsvRow& row) {
  LoadSpec load;
  const std::string mode = word_in(row, "mode", {"rate", "concurrency", "offline"});
  load.requests = whole_in(row, "num_requests", 0);
  if (mode == "rate") load.rate = needed_in(row, "request_rate_per_s");
  if (mode == "concurrency") load.concurrency = whole_in(row, "concurrency");
  load.offline = mode == "offline";
  if (load.requests == 0)
    load.requests = load.closed() ? 10 * load.concurrency
                                  : static_cast<std::uint64_t>(std::ceil(kLoadSeconds * load.rate));
  const std::string trace = text_in(row, "trace");
  if (is_file(trace)) {
    add_trace(row, load);
  } else {
    load.input = range_of(row, "input");
    load.output = range_of(row, "output");
  }
  if (trace == "shared-prefix")
    load.distinct_prompts =
        static_cast<std::uint64_t>(number_before(text_in(row, "notes"), "distinct prompts").value_or(1));
  return load;
}

ServingOverrides serving_overrides(const CsvRow& row) {
  ServingOverrides o;
  const std::string arguments = text_in(row, "engine_args");
  if (const std::uint64_t n = whole_in(row, "max_batch", 0); n > 0) o.sequences = n;
  if (const std::uint64_t n = whole_in(row, "max_batched_tokens", 0); n > 0) o.token_budget = n;
  if (const double share = number_in(row, "gpu_memory_utilization"); share > 0) o.memory_share = share;
  if (!text_in(row, "chunked_prefill").empty()) o.chunked_prefill = truth_in(row, "chunked_prefill", false);
  if (!text_in(row, "prefix_caching").empty()) o.prefix_cache = truth_in(row, "prefix_caching", false);
  if (arguments.find("--async-scheduling") != std::string::npos) o.ahead = true;
  if (arguments.find("--enable_chunked_prefill") != std::string::npos) o.chunked_prefill = true;
  return o;
}

nlohmann::json serving_scenario(const CsvRow& row, bool quantized_file, bool native_fp8) {
  nlohmann::json scenario = nlohmann::json::object();
  for (const char* degree : {"tp", "pp", "ep", "dp"}) {
    if (const std::uint64_t n = whole_in(row, degree, 1); n > 1) scenario[degree] = n;
  }
  if (scenario.contains("dp")) scenario["batch"] = scenario["dp"];
  const std::string dtype = text_in(row, "dtype");
  if (dtype == "bf16" || dtype == "fp16") {
    scenario["dtype"] = dtype;
  } else if (dtype == "int4") {
    if (!quantized_file) scenario["weights"] = "int4";
  } else if (dtype == "fp8" && !native_fp8) {
    if (!quantized_file) scenario["weights"] = "fp8";
  } else if (!quantized_file) {
    scenario["dtype"] = dtype;
  }
  if (const std::string kv = text_in(row, "kv_dtype"); !kv.empty() && kv != "auto") scenario["kv"] = kv;
  return scenario;
}

std::optional<Guessing> serving_guessing(const CsvRow& row, const LlmSpec& llm) {
  const std::string who = text_in(row, "speculative");
  if (who.empty() || who == "no") return std::nullopt;
  std::smatch found;
  const std::string arguments = text_in(row, "engine_args");
  if (!std::regex_search(arguments, found, std::regex("--speculative-num-steps[ =]([0-9]+)")))
    throw ConfigError("", "column speculative: " + who + ", and engine_args do not say of how many tokens");
  const double drafts = std::stod(found[1].str());
  const double kept = needed_in(row, "itl_mean_ms") / needed_in(row, "tpot_mean_ms") - 1;
  if (kept < 0 || kept > drafts)
    throw ConfigError("", fmt::format("column itl_mean_ms: over tpot_mean_ms, {:.3g} tokens a step of {:g} "
                                      "guesses and one",
                                      kept + 1, drafts));
  double low = 0, high = 1;  // the share of each position whose powers' sum is kept
  for (int i = 0; i < 50; ++i) {
    const double p = (low + high) / 2;
    double sum = 0;
    for (int power = 1; power <= static_cast<int>(drafts); ++power) sum += std::pow(p, power);
    (sum < kept ? low : high) = p;
  }
  return guessing_of(static_cast<std::uint32_t>(drafts), {(low + high) / 2}, "layer", llm);
}

std::uint32_t prefill_copies(const CsvRow& row) {
  return static_cast<std::uint32_t>(number_in(row, "prefill_workers"));
}

std::uint32_t serving_copies(const CsvRow& row, std::uint32_t devices_of_one) {
  if (const double workers = number_in(row, "decode_workers"); workers > 0)
    return static_cast<std::uint32_t>(workers);
  return std::max(1U, static_cast<std::uint32_t>(whole_in(row, "devices", devices_of_one)) / devices_of_one);
}

}  // namespace orrery
