// Whole inferences (columns framework, model, batch, input_len, output_len, measured_s): latency of a batch,
// and average board power where it was measured. The software stack is the row's framework.

#include <fmt/format.h>

#include <map>
#include <memory>

#include "sim/study/evaluate.h"
#include "sim/validate/reference_kind.h"

namespace orrery {
namespace {

std::vector<Quantity> inference_usual(const CsvRow& /*row*/) {
  return {Quantity::time};
}

double inference_measured(const CsvRow& row, Quantity quantity) {
  if (quantity == Quantity::time) return needed_in(row, "measured_s");
  // Power is that of the row's boards together.
  return quantity == Quantity::power ? number_in(row, "measured_W") : 0;
}

// A machine's chips form one group, so rows with as many devices share it.
std::string inference_key(const CsvRow& row, const RowSettings& settings) {
  return (settings.arch.empty() ? text_in(row, "device") : settings.arch) + " x" +
         text_in(row, "devices", "1");
}

SimulatedRow inference_simulate(const CsvRow& row, OperatorRunner& runner, const Posed& question,
                                const AccuracyTable& accuracy) {
  Scenario scenario;
  scenario.batch = whole_in(row, "batch");
  scenario.input = whole_in(row, "input_len");
  scenario.output = whole_in(row, "output_len");
  scenario.split.tensor = static_cast<std::uint32_t>(whole_in(row, "devices", 1));
  FormatRequest formats;
  formats.dtype = dtype_in(row, "dtype", DType::fp16);
  scenario.formats = number_formats(formats, question.llm->quantization, question.arch);
  check_scenario(*question.llm, scenario);
  Posed asked = question;
  asked.scenario = scenario;
  const RunResult r = simulated(asked, runner);
  SimulatedRow s;
  s[Quantity::time] = r.latency_s;
  s[Quantity::power] = r.average_power_w;
  s.expect(expected_errors(r, question.arch, accuracy));
  for (std::size_t i = 0; i < kTimeCategoryCount; ++i) {
    const double share = r.time.parts[i] / r.latency_s;
    if (share >= 0.02)
      s.split += fmt::format("{}{} {:.0f} %", s.split.empty() ? "" : ", ",
                             to_string(static_cast<TimeCategory>(i)), 100 * share);
  }
  if (r.rounds > 1) s.split += fmt::format("; {} rounds", r.rounds);
  return s;
}

std::vector<SimulatedRow> inference_simulate_all(const std::vector<CsvRow>& rows,
                                                 const RowSettings& settings) {
  const std::string machine = settings.arch.empty() ? text_in(rows.front(), "device") : settings.arch;
  std::map<std::string, Posed> questions;  // by model and stack
  const auto question = [&](const CsvRow& row) -> const Posed& {
    const std::string runtime =
        settings.runtime.empty() ? text_in(row, "framework", "ideal") : settings.runtime;
    const std::string model = text_in(row, "model");
    const auto known = questions.find(model + " on " + runtime);
    if (known != questions.end()) return known->second;
    return questions.emplace(model + " on " + runtime, posed_row({machine, model, runtime, ""}, settings))
        .first->second;
  };
  Session session = session_of(settings);
  std::unique_ptr<OperatorRunner> runner;  // of the machine, whatever runs on it
  std::vector<SimulatedRow> simulated = row_by_row(rows, [&](const CsvRow& row) {
    const Posed& asked = question(row);
    if (!runner) runner = session.runner(asked.arch, asked.timing_digest);
    return inference_simulate(row, *runner, asked, session.accuracy());
  });
  session.commit();
  return simulated;
}

}  // namespace

const ReferenceKind& inference_rows() {
  static const ReferenceKind kKind = {"inference",
                                      {"device", "framework", "model", "batch", "input_len", "measured_s"},
                                      {"devices", "dtype", "output_len", "measured_W"},
                                      {"device", "framework"},
                                      {Quantity::time, Quantity::power},
                                      inference_usual,
                                      inference_measured,
                                      inference_key,
                                      true,
                                      inference_simulate_all};
  return kKind;
}

}  // namespace orrery
