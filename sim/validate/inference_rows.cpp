// Whole inferences (columns framework, model, batch, input_len, output_len, measured_s): latency of a batch,
// and average board power where it was measured. The software stack is the row's framework.

#include <fmt/format.h>

#include "sim/config/arch_loader.h"
#include "sim/config/runtime_loader.h"
#include "sim/serve/inference.h"
#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"
#include "sim/validate/reference_kind.h"

namespace orrery {
namespace {

Quantity inference_primary(const CsvRow& /*row*/) {
  return Quantity::time;
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

SimulatedRow inference_simulate(const CsvRow& row, OperatorRunner& runner, const RowSettings& settings) {
  Scenario scenario;
  scenario.batch = whole_in(row, "batch");
  scenario.input = whole_in(row, "input_len");
  scenario.output = whole_in(row, "output_len");
  scenario.tensor_parallel = static_cast<std::uint32_t>(whole_in(row, "devices", 1));
  const std::string format = text_in(row, "dtype", "fp16");
  const auto dtype = from_word<DType>(format);
  if (!dtype)
    throw ConfigError(
        "", "column dtype: unknown format '" + format + "'" + did_you_mean(format, words_of<DType>()));
  scenario.dtype = *dtype;
  const LlmSpec llm = load_llm_named(text_in(row, "model"));
  check_scenario(llm, scenario);
  const RuntimeSpec runtime =
      load_runtime(settings.runtime.empty() ? text_in(row, "framework", "ideal") : settings.runtime);
  const RunResult r =
      run_model(llm, scenario, runner, runtime, [](const char*, std::uint64_t, std::uint64_t) {});
  SimulatedRow s;
  s[Quantity::time] = r.latency_s;
  s[Quantity::power] = r.average_power_w;
  for (std::size_t i = 0; i < kTimeCategoryCount; ++i) {
    const double share = r.time.parts[i] / r.latency_s;
    if (share >= 0.02)
      s.split += fmt::format("{}{} {:.0f} %", s.split.empty() ? "" : ", ",
                             to_string(static_cast<TimeCategory>(i)), 100 * share);
  }
  if (r.waves > 1) s.split += fmt::format("; {} waves", r.waves);
  return s;
}

std::vector<SimulatedRow> inference_simulate_all(const std::vector<CsvRow>& rows,
                                                 const RowSettings& settings) {
  const ArchSpec arch =
      load_arch_named(settings.arch.empty() ? text_in(rows.front(), "device") : settings.arch);
  RunnerOptions options;
  options.fidelity = named<Fidelity>(settings.fidelity, "--fidelity");
  OperatorRunner runner(arch, options);
  return row_by_row(rows, [&](const CsvRow& row) { return inference_simulate(row, runner, settings); });
}

}  // namespace

const ReferenceKind& inference_rows() {
  static const ReferenceKind kKind = {"inference",
                                      {"device", "framework", "model", "batch", "input_len", "measured_s"},
                                      {"device", "framework"},
                                      {Quantity::time, Quantity::power},
                                      inference_primary,
                                      inference_measured,
                                      inference_key,
                                      inference_simulate_all};
  return kKind;
}

}  // namespace orrery
