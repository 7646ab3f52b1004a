// Kernels of transformer layers on a chip (columns device, op, measured_us): time, and power where it was
// measured.

#include <fmt/format.h>

#include <algorithm>

#include "sim/engine/operator_runner.h"
#include "sim/engine/step_runner.h"
#include "sim/estimate/energy.h"
#include "sim/util/errors.h"
#include "sim/validate/kernel_graph.h"
#include "sim/validate/reference_kind.h"

namespace orrery {
namespace {

std::vector<Quantity> kernel_usual(const CsvRow& /*row*/) {
  return {Quantity::time};
}

double kernel_measured(const CsvRow& row, Quantity quantity) {
  if (quantity == Quantity::time) return needed_in(row, "measured_us");
  if (quantity == Quantity::power) return number_in(row, "measured_W");
  return quantity == Quantity::memory_power ? number_in(row, "memory_W") : 0;
}

// The shipped runtime of what launches a row's kernels.
const char* launched_by(const CsvRow& row) {
  switch (launch_in(row)) {
    case Launch::eager:
      return "eager";
    case Launch::graph:
      return "graph";
    case Launch::graph_of_one:
      return "graph-of-one";
    case Launch::timed_apart:
      break;
  }
  return "ideal";
}

// Rows of one machine and stack.
std::string kernel_key(const CsvRow& row, const RowSettings& settings) {
  const std::string machine = settings.arch.empty() ? text_in(row, "device") : settings.arch;
  return machine + " under " + (settings.runtime.empty() ? launched_by(row) : settings.runtime);
}

std::string in_words(const Tally& tally) {
  std::string text;
  for (std::size_t i = 0; i < kTimeCategoryCount; ++i) {
    const double share = tally.split.parts[i] / tally.seconds;
    if (share >= 0.02)
      text += fmt::format("{}{} {:.0f} %", text.empty() ? "" : ", ", to_string(static_cast<TimeCategory>(i)),
                          100 * share);
  }
  return text;
}

SimulatedRow kernel_row(const CsvRow& row, OperatorRunner& runner, const RuntimeSpec& runtime,
                        const AccuracyTable& accuracy) {
  const ArchSpec& arch = runner.arch();
  const OperatorGraph graph = kernel_graph(row, arch);
  Residency residency = found_by(row, graph, arch);
  Tally tally;
  std::string kernels;
  for (const Operator& op : graph.operators) {
    const OnChip found = residency.seen_by(op);
    const OperatorRun& run = runner.run(op, found, found.empty());
    residency.update(op, run.on_chip);
    tally += run.tally;
    kernels += graph.operators.size() == 1 ? "; " + run.mapping
                                           : fmt::format("; {} {:.1f} us: {}", to_string(op.kind),
                                                         1e6 * run.tally.seconds, run.mapping);
  }
  tally = with_software(std::move(tally), runtime, 0);
  SimulatedRow s;
  s[Quantity::time] = tally.seconds * 1e6;
  if (launch_in(row) == Launch::eager)
    s[Quantity::time] = runtime.by_the_host(to_string(graph.operators.back().kind), s[Quantity::time]);
  const EnergyBreakdown energy = total_energy(tally.energy, tally.seconds, 1, arch);
  s[Quantity::memory_power] = energy.dram.value() / tally.seconds;
  s[Quantity::power] = energy.total().value() / tally.seconds;
  if (number_in(row, "memory_W") > 0)  // the memory's rail is not in measured_W
    s[Quantity::power] -= s[Quantity::memory_power];
  s.split = in_words(tally) + kernels;
  KernelResult asked;  // as `kernel` would tell it
  asked.arch = arch.name;
  asked.op = text_in(row, "op");
  asked.dtype = text_in(row, "dtype", "fp16");
  asked.fidelity = to_string(runner.options().fidelity);
  asked.latency_s = tally.seconds;
  s.expect(expected_errors(asked, arch, accuracy));
  return s;
}

std::vector<SimulatedRow> kernel_simulate(const std::vector<CsvRow>& rows, const RowSettings& settings) {
  const std::string machine = settings.arch.empty() ? text_in(rows.front(), "device") : settings.arch;
  const std::string runtime = settings.runtime.empty() ? launched_by(rows.front()) : settings.runtime;
  const Posed q = posed_row({machine, "", runtime, ""}, settings);
  Session session = session_of(settings);
  const auto runner = session.runner(q.arch, q.timing_digest);
  std::vector<SimulatedRow> simulated = row_by_row(
      rows, [&](const CsvRow& row) { return kernel_row(row, *runner, q.runtime, session.accuracy()); });
  session.commit();
  return simulated;
}

}  // namespace

const ReferenceKind& kernel_rows() {
  static const ReferenceKind kKind = {"kernel",
                                      {"device", "op", "measured_us"},
                                      kKernelColumns,
                                      {"device", "op"},
                                      {Quantity::time, Quantity::power, Quantity::memory_power},
                                      kernel_usual,
                                      kernel_measured,
                                      kernel_key,
                                      true,
                                      kernel_simulate};
  return kKind;
}

}  // namespace orrery
