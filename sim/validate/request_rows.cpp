// The times of every request of one run (columns arrival_s, input_tokens, output_tokens, first_token_s,
// last_token_s; seconds). What served them stands in the serving.csv beside the file: the row with as many
// requests and the same mean time to first token.

#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include "sim/serve/distribution.h"
#include "sim/util/errors.h"
#include "sim/validate/serving_rows.h"

namespace orrery {
namespace {

constexpr double kSameMean = 0.02;  // of the means by which a file's run is found

double ttft_of(const CsvRow& row) {
  return number_in(row, "first_token_s") - number_in(row, "arrival_s");
}
double e2e_of(const CsvRow& row) {
  return number_in(row, "last_token_s") - number_in(row, "arrival_s");
}

// Of all requests of the row's file.
struct RunTimes {
  std::size_t requests = 0;
  Distribution ttft, e2e;
};
RunTimes times_of(const std::string& file) {
  RunTimes times;
  const CsvTable table = read_csv(file);
  for (const CsvRow& row : table.rows) {
    ++times.requests;
    times.ttft.add(ttft_of(row));
    times.e2e.add(e2e_of(row));
  }
  return times;
}

// What is of the run stands beside its first request.
double request_measured(const CsvRow& row, Quantity quantity) {
  if (quantity == Quantity::ttft) return ttft_of(row);
  if (quantity == Quantity::e2e) return e2e_of(row);
  if (quantity != Quantity::ttft_p99 && quantity != Quantity::e2e_mean) return 0;
  if (number_in(row, kRowNumber) > 0) return 0;
  const RunTimes times = times_of(text_in(row, kRowFile));
  return quantity == Quantity::ttft_p99 ? times.ttft.percentile(0.99) : times.e2e.mean();
}

std::vector<Quantity> request_usual(const CsvRow& /*row*/) {
  return {Quantity::ttft, Quantity::e2e, Quantity::ttft_p99, Quantity::e2e_mean};
}

std::string request_key(const CsvRow& row, const RowSettings& /*settings*/) {
  return text_in(row, kRowFile);
}

// The row of the serving.csv beside the file that tells of the same run. Throws ConfigError.
CsvRow run_of(const std::string& file, const RunTimes& times) {
  const std::filesystem::path runs = std::filesystem::path(file).parent_path() / "serving.csv";
  if (!std::filesystem::exists(runs))
    throw ConfigError(file,
                      "what served these requests stands in a serving.csv beside the file; there is none");
  const CsvTable table = read_csv(runs.string());
  for (CsvRow row : table.rows) {
    const double ttft = 1e-3 * number_in(row, "ttft_mean_ms");
    if (number_in(row, "num_requests") != static_cast<double>(times.requests) || ttft <= 0) continue;
    if (std::abs(ttft / times.ttft.mean() - 1) > kSameMean) continue;
    row[kRowFile] = runs.string();
    return row;
  }
  throw ConfigError(file, fmt::format("no row of {} has {} requests and a mean TTFT of {:.4g} s",
                                      runs.string(), times.requests, times.ttft.mean()));
}

std::vector<SimulatedRow> request_simulate(const std::vector<CsvRow>& rows, const RowSettings& settings) {
  const std::string file = text_in(rows.front(), kRowFile);
  const RunTimes times = times_of(file);
  const CsvRow run = run_of(file, times);
  LoadSpec load;  // replayed as they came
  load.trace = file;
  std::vector<SimulatedRow> simulated(times.requests);
  const auto keep = [&](const RequestOutcome& o) {
    SimulatedRow& s = simulated.at(o.number);
    if (o.output == 0) return;
    s[Quantity::ttft] = o.first_token_s - o.arrival_s;
    s[Quantity::e2e] = o.last_token_s - o.arrival_s;
  };
  Session session = session_of(settings);
  const ServingResult r = serve_measured_run(run, settings, session, load, keep);
  session.commit();
  simulated.front()[Quantity::ttft_p99] = double{r.ttft.p99.value_or(0)};
  simulated.front()[Quantity::e2e_mean] = double{r.e2e.mean.value_or(0)};
  // Only those that were asked for; they stand in the order of arrival.
  std::vector<SimulatedRow> asked;
  for (const CsvRow& row : rows) {
    asked.push_back(simulated.at(static_cast<std::size_t>(number_in(row, kRowNumber))));
    asked.back().split = fmt::format("{}: {}", r.runtime, r.binding);
  }
  return asked;
}

}  // namespace

const ReferenceKind& request_rows() {
  static const ReferenceKind kKind = {
      "request",
      {"arrival_s", "input_tokens", "output_tokens", "first_token_s", "last_token_s"},
      {"scheduled_s"},
      {},
      {Quantity::ttft, Quantity::e2e, Quantity::ttft_p99, Quantity::e2e_mean},
      request_usual,
      request_measured,
      request_key,
      true,
      request_simulate,
      true};
  return kKind;
}

}  // namespace orrery
