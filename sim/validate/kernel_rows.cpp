// Kernels of transformer layers on a chip (columns device, op, measured_us): matmul, row-wise and
// element-wise operators, attention; time, and power where it was measured. What a kernel finds on chip
// follows from how the rows were made: rows of a layer (column layer_op) find their activation, if it is one
// that the operator before just made (an addition's residual is older); rows by the host's clock
// (includes_launch = yes) repeat one operator and find all of it; others are cold.

#include <fmt/format.h>

#include <algorithm>

#include "sim/engine/kernel_run.h"
#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"
#include "sim/validate/reference_kind.h"

namespace orrery {
namespace {

Quantity kernel_primary(const CsvRow& /*row*/) {
  return Quantity::time;
}

double kernel_measured(const CsvRow& row, Quantity quantity) {
  switch (quantity) {
    case Quantity::time:
      return needed_in(row, "measured_us");
    case Quantity::power:
      return number_in(row, "measured_W");
    case Quantity::memory_power:
      return number_in(row, "memory_W");
    case Quantity::throughput:
    case Quantity::latency:
    case Quantity::energy:
      break;
  }
  return 0;
}

bool by_the_hosts_clock(const CsvRow& row) {
  const std::string launch = text_in(row, "includes_launch", "no");
  if (launch != "yes" && launch != "no")
    throw ConfigError("", "column includes_launch: '" + launch + "', expected yes or no");
  return launch == "yes";
}

DType dtype_in(const CsvRow& row) {
  const std::string name = text_in(row, "dtype", "fp16");
  const auto dtype = from_word<DType>(name);
  if (!dtype)
    throw ConfigError("",
                      "column dtype: unknown format '" + name + "'" + did_you_mean(name, words_of<DType>()));
  return *dtype;
}

// The shape of a row's operator, from the columns of its family.
struct ShapeIn {
  const CsvRow& row;

  std::uint64_t count(const char* column) const { return whole_in(row, column); }
  std::uint64_t count_or(const char* column, std::uint64_t fallback) const {
    return whole_in(row, column, fallback);
  }

  OperatorShape operator()(const MatmulFamily& /*family*/) const {
    return MatmulShape{1, count("m"), count("n"), count("k")};
  }
  OperatorShape operator()(const AttentionFamily& /*family*/) const {
    AttentionShape s;
    s.batch = count_or("batch", 1);
    s.heads = count("heads");
    s.kv_heads = count_or("kv_heads", s.heads);
    s.head_dim = count("head_dim");
    s.q = count("q_len");
    s.kv = count("kv_len");
    const std::string causal = text_in(row, "causal", "false");
    s.causal = causal == "true" || causal == "yes" || causal == "1";
    return s;
  }
  OperatorShape operator()(const VectorFamily& /*family*/) const {
    return VectorShape{count("m"), count_or("n", 1)};  // without n: a plain list of m elements
  }
  OperatorShape operator()(const RoutingFamily& /*family*/) const {
    return RoutingShape{count("m"), count("experts_per_token"), count("n")};
  }
  OperatorShape operator()(const ScanFamily& /*family*/) const {
    return ScanShape{count_or("batch", 1), count("m"), count("n"), count("states")};
  }
  OperatorShape operator()(const CollectiveFamily& /*family*/) const {
    throw ConfigError("", "column op: rows of " + text_in(row, "op") +
                              " need the columns of a collective (system, message_bytes)");
  }
};

Operator operator_in(const CsvRow& row) {
  const std::string name = text_in(row, "op");
  const auto kind = from_word<OperatorKind>(name);
  if (!kind)
    throw ConfigError(
        "", "column op: unknown operator '" + name + "'" + did_you_mean(name, words_of<OperatorKind>()));
  return standalone(*kind, std::visit(ShapeIn{row}, operator_row(*kind).family), dtype_in(row));
}

// What is on chip when the kernel starts.
OnChip on_chip_for(const CsvRow& row, const Operator& op, const ArchSpec& arch) {
  const bool layer = !text_in(row, "layer_op").empty();
  const bool repeated = by_the_hosts_clock(row);
  if (!layer && !repeated) return {};
  const auto activations = std::count_if(op.inputs.begin(), op.inputs.end(),
                                         [](const Tensor& t) { return t.kind == TensorKind::activation; });
  if (layer && activations > 1) return {};
  OnChip on_chip;
  std::uint64_t room = arch.shared_capacity_bytes();
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const Tensor& t = op.inputs[i];
    if (t.kind != TensorKind::activation && !repeated) continue;
    const std::uint64_t held = std::min(room, t.bytes());
    room -= held;
    if (held > 0) on_chip.tensors.push_back({TensorId{static_cast<std::uint32_t>(i)}, Bytes{held}, {}});
  }
  return on_chip;
}

std::string describe(const TimeSplitSeconds& time) {
  std::string text;
  for (std::size_t i = 0; i < kTimeCategoryCount; ++i) {
    const double share = time.parts[i] / time.total();
    if (share >= 0.02)
      text += fmt::format("{}{} {:.0f} %", text.empty() ? "" : ", ", to_string(static_cast<TimeCategory>(i)),
                          100 * share);
  }
  return text;
}

std::string kernel_key(const CsvRow& row, const RowSettings& settings) {
  return settings.arch.empty() ? text_in(row, "device") : settings.arch;
}

std::vector<SimulatedRow> kernel_simulate(const std::vector<CsvRow>& rows, const RowSettings& settings) {
  // Rows by the host's clock go through a framework.
  const Posed q = posed_row(
      {kernel_key(rows.front(), settings), "", settings.runtime.empty() ? "eager" : settings.runtime, ""},
      settings);
  Session session = session_of(settings);
  const auto runner = session.runner(q.arch, q.timing_digest);
  std::vector<SimulatedRow> simulated = row_by_row(rows, [&](const CsvRow& row) {
    const Operator op = operator_in(row);
    const KernelResult r = run_kernel(op, *runner, on_chip_for(row, op, q.arch));
    SimulatedRow s;
    s[Quantity::time] = r.latency_s * 1e6;
    if (by_the_hosts_clock(row))
      s[Quantity::time] = q.runtime.by_the_host(to_string(op.kind), s[Quantity::time]);
    s[Quantity::memory_power] = r.energy.dram.value() / r.latency_s;
    s[Quantity::power] = r.power_w;
    s.split = describe(r.time) + "; " + r.mapping;
    return s;
  });
  session.commit();
  return simulated;
}

}  // namespace

const ReferenceKind& kernel_rows() {
  static const ReferenceKind kKind = {
      "kernel",         {"device", "op", "measured_us"},
      {"device", "op"}, {Quantity::time, Quantity::power, Quantity::memory_power},
      kernel_primary,   kernel_measured,
      kernel_key,       true,
      kernel_simulate};
  return kKind;
}

}  // namespace orrery
