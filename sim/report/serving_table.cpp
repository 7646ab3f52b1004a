// Results of serving requests for people.

#include <fmt/format.h>

#include "sim/report/serving_fields.h"
#include "sim/report/text_table.h"

namespace orrery {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string seconds(const std::optional<Figure>& value) {
  return value ? si(double{*value}, "s") : std::string("-");
}

std::string flag(bool value) {
  return value ? "yes" : "no";
}

}  // namespace

std::string serving_table(const ServingResult& r) {
  std::string out = fmt::format("{} on {}{}, {} devices in {} {}, under {}\n{}; {} requests\n", r.model,
                                r.arch, r.prefill_arch.empty() ? "" : " (prompts on " + r.prefill_arch + ")",
                                r.devices, r.replicas + r.prefill_replicas,
                                r.replicas + r.prefill_replicas == 1 ? "replica" : "replicas", r.runtime,
                                r.load, r.requests);
  out += fmt::format("limited by: {}\n", r.binding);
  if (r.refused > 0) out += fmt::format("{} requests can never run: {}\n", r.refused, r.why_refused);
  if (r.highest_rate_per_s)
    out += double{*r.highest_rate_per_s} > 0
               ? fmt::format("highest rate that keeps {}: {:.4g} requests/s (below: at that rate)\n",
                             r.targets, double{*r.highest_rate_per_s})
               : fmt::format("no rate keeps {} (below: at the lowest rate that was tried)\n", r.targets);
  out += '\n';
  Rows latencies = {{"", "mean", "p50", "p90", "p99"}};
  const auto spread = [&](const char* name, const RequestSpread& s) {
    latencies.push_back({name, seconds(s.mean), seconds(s.p50), seconds(s.p90), seconds(s.p99)});
  };
  spread("TTFT", r.ttft);
  spread("  until its first step", r.queued);
  spread("TPOT", r.tpot);
  spread("ITL", r.itl);
  spread("E2E", r.e2e);
  out += format_table(latencies) + '\n';
  Rows rows;
  rows.push_back({"throughput, output tokens/s", people(double{r.output_tokens_per_s})});
  rows.push_back({"  prompts and answers, tokens/s", people(double{r.total_tokens_per_s})});
  rows.push_back({"  requests/s", people(double{r.requests_per_s})});
  if (!r.targets.empty()) {
    rows.push_back({"goodput, requests/s", people(double{r.goodput_requests_per_s})});
    rows.push_back(
        {"  keeping " + r.targets, fmt::format("{:.1f} % of the requests", 100 * double{r.good_share})});
  }
  rows.push_back({"energy per output token", si(r.energy_per_token.value(), "J")});
  rows.push_back({"average power", si(double{r.average_power_w}, "W")});
  rows.push_back({"KV blocks of a replica",
                  fmt::format("{} of {} tokens", grouped(r.kv_blocks.blocks), r.kv_blocks.block_tokens)});
  rows.push_back(
      {"  used, mean and peak", fmt::format("{:.1f} %, {:.1f} %", 100 * double{r.kv_blocks.mean_share},
                                            100 * double{r.kv_blocks.peak_share})});
  if (r.price.per_m_output_tokens)
    rows.push_back(
        {"USD/M output tokens, chips at this load", people(double{*r.price.per_m_output_tokens}, 3)});
  rows.push_back({"latencies expected within, 9 of 10",
                  r.expected.p90 ? fmt::format("{:.0f} %", 100 * *r.expected.p90) : std::string("unknown")});
  if (r.kv_blocks.host_blocks > 0) {
    rows.push_back({"  in the host's memory", grouped(r.kv_blocks.host_blocks)});
    rows.push_back(
        {"  blocks stored there and loaded", fmt::format("{}, {}", people(double{r.kv_blocks.stored}, 4),
                                                         people(double{r.kv_blocks.loaded}, 4))});
  }
  rows.push_back({"preemptions", grouped(r.preemptions)});
  rows.push_back(
      {"prefix cache, prompt tokens found", fmt::format("{:.1f} %", 100 * double{r.prefix_hit_rate})});
  rows.push_back({"steps", fmt::format("{}, of {} on average", grouped(r.steps.count),
                                       si(double{r.steps.mean_s}, "s"))});
  rows.push_back({"  sequences decoding, prompt tokens",
                  fmt::format("{:.1f}, {:.1f}", double{r.steps.decoding}, double{r.steps.prompt_tokens})});
  if (double{r.steps.kept_tokens} > 1)
    rows.push_back(
        {"  tokens kept of a sequence and step", fmt::format("{:.2f}", double{r.steps.kept_tokens})});
  if (r.steps.checked > 0)
    rows.push_back({"  composed against whole",
                    fmt::format("within {:.1f} % in {} steps", 100 * double{r.steps.interpolation_error},
                                r.steps.checked)});
  const SchedulerFigures& s = r.scheduler;
  rows.push_back({"scheduler", s.policy});
  rows.push_back(
      {"  token budget, sequences", fmt::format("{}, {}", grouped(s.token_budget), grouped(s.sequences))});
  rows.push_back({"  chunked prefill, prefix cache, ahead",
                  flag(s.chunked_prefill) + ", " + flag(s.prefix_cache) + ", " + flag(s.ahead)});
  return out + format_table(rows);
}

}  // namespace orrery
