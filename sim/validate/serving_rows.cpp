// Runs of serving engines (columns engine, version, mode, ...; one a row): latencies of requests, throughput
// and power, each run simulated by what its columns say. The engine and its version choose the runtime.

#include <fmt/format.h>

#include <memory>

#include "sim/config/arch_loader.h"
#include "sim/config/name_lookup.h"
#include "sim/config/runtime_loader.h"
#include "sim/timing/matrix_timing.h"
#include "sim/util/errors.h"
#include "sim/validate/serving_load.h"
#include "sim/validate/serving_rows.h"

namespace orrery {
namespace {

constexpr double kMs = 1e-3;

// A mean where the row has one, else its median: 0 where it has neither.
double ttft_in(const CsvRow& row) {
  const double mean = number_in(row, "ttft_mean_ms");
  return kMs * (mean > 0 ? mean : number_in(row, "ttft_p50_ms"));
}

double e2e_in(const CsvRow& row) {
  if (const double e2e = number_in(row, "e2e_mean_ms"); e2e > 0) return kMs * e2e;
  const double ttft = number_in(row, "ttft_mean_ms");
  const double tpot = number_in(row, "tpot_mean_ms");
  const double output = number_in(row, "output_mean");
  return ttft > 0 && tpot > 0 && output > 1 ? kMs * (ttft + tpot * (output - 1)) : 0;
}

double serving_measured(const CsvRow& row, Quantity quantity) {
  if (quantity == Quantity::ttft) return ttft_in(row);
  if (quantity == Quantity::e2e) return e2e_in(row);
  if (quantity == Quantity::tpot) return kMs * number_in(row, "tpot_mean_ms");
  if (quantity == Quantity::itl) return kMs * number_in(row, "itl_mean_ms");
  if (quantity == Quantity::ttft_p99) return kMs * number_in(row, "ttft_p99_ms");
  if (quantity == Quantity::throughput) return number_in(row, "throughput_out_tok_s");
  return quantity == Quantity::power ? number_in(row, "power_w") : 0;
}

std::vector<Quantity> serving_usual(const CsvRow& /*row*/) {
  return {Quantity::ttft, Quantity::tpot, Quantity::e2e, Quantity::throughput, Quantity::power};
}

std::string machine_of(const CsvRow& row, const RowSettings& settings) {
  return settings.arch.empty() ? text_in(row, "device") : settings.arch;
}

std::string serving_key(const CsvRow& row, const RowSettings& settings) {
  return machine_of(row, settings) + " " + text_in(row, "model");
}

Posed question_of(const CsvRow& row, const RowSettings& settings) {
  const std::string runtime = settings.runtime.empty()
                                  ? runtime_of(text_in(row, "engine"), text_in(row, "version"))
                                  : settings.runtime;
  BaseNames names = {machine_of(row, settings), text_in(row, "model"), runtime, ""};
  // As its maker publishes it in that format, where the catalogue has it: TensorRT-LLM's are quantised by its
  // own tool, all products alike.
  const std::string published = names.llm + "-" + text_in(row, "dtype");
  if (text_in(row, "engine") != "tensorrt-llm" && known_model_file(published)) names.llm = published;
  const LlmSpec llm = load_llm_named(names.llm);
  const bool fp8 = supports_dtype(load_arch_named(names.arch).cores.matrix, DType::fp8);
  const nlohmann::json scenario = serving_scenario(row, llm.quantization.has_value(), fp8);
  return posed(configurations_of({{names, scenario}}, settings.patches).front());
}

double or_zero(const std::optional<Figure>& figure) {
  return figure ? double{*figure} : 0;
}

ServeRequest request_of(const CsvRow& row, const Posed& question) {
  if (text_in(row, "tp").empty())
    throw ConfigError("", "column tp: how a copy's devices divide the model is not said");
  ServeRequest request;
  request.guessing = serving_guessing(row, *question.llm);
  request.overrides = serving_overrides(row);
  request.check = false;
  request.empty_answers_count = true;
  request.replicas = serving_copies(row, question.scenario.split.devices());
  if (const std::uint32_t copies = prefill_copies(row); copies > 0)
    request.prefilling = Prefilling{&question, copies, std::nullopt, 0};
  if (text_in(row, "notes").find("no HTTP") != std::string::npos) request.over_http = false;
  return request;
}

SimulatedRow serve_row(const CsvRow& row, const Posed& question, OperatorRunner& runner) {
  ServeRequest request = request_of(row, question);
  request.load = serving_load(row);
  ServingBench bench(question, request, runner);
  const ServingResult r = bench.run(request.load, {});
  SimulatedRow s;
  s[Quantity::ttft] = or_zero(number_in(row, "ttft_mean_ms") > 0 ? r.ttft.mean : r.ttft.p50);
  s[Quantity::tpot] = or_zero(r.tpot.mean);
  s[Quantity::itl] = or_zero(r.itl.mean);
  // Of one batch the row tells when its last token came.
  const bool batch = request.load.offline && !text_in(row, "concurrency").empty();
  s[Quantity::e2e] = batch ? double{r.duration_s} : or_zero(r.e2e.mean);
  s[Quantity::ttft_p99] = or_zero(r.ttft.p99);
  s[Quantity::throughput] = r.output_tokens_per_s;
  s[Quantity::power] = r.average_power_w;
  s.split =
      fmt::format("{}: {}, {} tokens, {} sequences, {} blocks of {}{}; {:.0f} decoding; {} set back; {}",
                  r.runtime, r.scheduler.policy, r.scheduler.token_budget, r.scheduler.sequences,
                  r.kv_blocks.blocks, r.kv_blocks.block_tokens, r.scheduler.ahead ? ", ahead" : "",
                  double{r.steps.decoding}, r.preemptions, r.binding);
  return s;
}

std::vector<SimulatedRow> serving_simulate(const std::vector<CsvRow>& rows, const RowSettings& settings) {
  Session session = session_of(settings);
  std::unique_ptr<Posed> machine;  // of all rows
  std::unique_ptr<OperatorRunner> runner;
  std::vector<SimulatedRow> simulated = row_by_row(rows, [&](const CsvRow& row) {
    const Posed question = question_of(row, settings);
    if (!runner) {
      machine = std::make_unique<Posed>(question);
      runner = session.runner(machine->arch, machine->timing_digest);
    }
    return serve_row(row, question, *runner);
  });
  session.commit();
  return simulated;
}

}  // namespace

ServingResult serve_measured_run(const CsvRow& row, const RowSettings& settings, Session& session,
                                 const LoadSpec& load,
                                 const std::function<void(const RequestOutcome&)>& each) {
  const Posed question = question_of(row, settings);
  ServeRequest request = request_of(row, question);
  request.each = each;
  const auto runner = session.runner(question.arch, question.timing_digest);
  return ServingBench(question, request, *runner).run(load, {});
}

const ReferenceKind& serving_rows() {
  static const ReferenceKind kKind = {"serving",
                                      {"engine", "version", "mode", "ttft_mean_ms"},
                                      {"device",
                                       "devices",
                                       "tp",
                                       "pp",
                                       "ep",
                                       "dp",
                                       "model",
                                       "dtype",
                                       "kv_dtype",
                                       "request_rate_per_s",
                                       "concurrency",
                                       "num_requests",
                                       "trace",
                                       "input_mean",
                                       "input_std_or_range",
                                       "output_mean",
                                       "output_std_or_range",
                                       "max_batch",
                                       "max_batched_tokens",
                                       "chunked_prefill",
                                       "prefix_caching",
                                       "speculative",
                                       "ttft_p50_ms",
                                       "ttft_p99_ms",
                                       "tpot_mean_ms",
                                       "itl_mean_ms",
                                       "e2e_mean_ms",
                                       "throughput_out_tok_s",
                                       "power_w",
                                       "prefill_workers",
                                       "decode_workers",
                                       "gpu_memory_utilization",
                                       "engine_args",
                                       "notes"},
                                      {"device", "engine", "mode"},
                                      {Quantity::ttft, Quantity::tpot, Quantity::itl, Quantity::e2e,
                                       Quantity::ttft_p99, Quantity::throughput, Quantity::power},
                                      serving_usual,
                                      serving_measured,
                                      serving_key,
                                      true,
                                      serving_simulate};
  return kKind;
}

}  // namespace orrery
