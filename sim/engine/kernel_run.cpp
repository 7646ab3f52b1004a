#include "sim/engine/kernel_run.h"

#include "sim/estimate/energy.h"
#include "sim/workload/operator_counts.h"

namespace orrery {
namespace {

Tensor make(const char* id, TensorKind kind, std::vector<std::uint64_t> shape, DType dtype) {
  return Tensor{id, kind, std::move(shape), dtype};
}

Operator bare(OperatorKind kind, OperatorShape shape, DType dtype) {
  Operator op;
  op.kind = kind;
  op.shape = shape;
  op.dtype = dtype;
  return op;
}

}  // namespace

Operator standalone_matmul(const MatmulShape& s, DType dtype) {
  Operator op = bare(OperatorKind::matmul, s, dtype);
  op.inputs = {make("a", TensorKind::activation, {s.batch, s.m, s.k}, activation_dtype(dtype)),
               make("b", TensorKind::weight, {s.batch, s.k, s.n}, weight_dtype(dtype))};
  op.outputs = {make("c", TensorKind::activation, {s.batch, s.m, s.n}, activation_dtype(dtype))};
  return op;
}

Operator standalone_attention(const AttentionShape& s, DType dtype) {
  Operator op = bare(OperatorKind::attention, s, dtype);
  op.inputs = {make("q", TensorKind::activation, {s.batch, s.q, s.heads, s.head_dim}, dtype),
               make("k", TensorKind::kv, {s.batch, s.kv, s.kv_heads, s.head_dim}, dtype),
               make("v", TensorKind::kv, {s.batch, s.kv, s.kv_heads, s.head_dim}, dtype)};
  op.outputs = {make("o", TensorKind::activation, {s.batch, s.q, s.heads, s.head_dim}, dtype)};
  return op;
}

Operator standalone_vector(OperatorKind kind, const VectorShape& s, DType dtype) {
  Operator op = bare(kind, s, dtype);
  const Tensor x = make("x", TensorKind::activation, {s.rows, s.cols}, dtype);
  const Tensor y = make("y", TensorKind::activation, {s.rows, s.cols}, dtype);
  switch (kind) {
    case OperatorKind::rmsnorm:
      op.inputs = {x, make("gain", TensorKind::weight, {1, s.cols}, dtype)};
      break;
    case OperatorKind::layernorm:
      op.inputs = {x, make("gain_bias", TensorKind::weight, {2, s.cols}, dtype)};
      break;
    case OperatorKind::add_rmsnorm:
      op.inputs = {x, make("branch", TensorKind::activation, {s.rows, s.cols}, dtype),
                   make("gain", TensorKind::weight, {1, s.cols}, dtype)};
      op.outputs = {make("sum", TensorKind::activation, {s.rows, s.cols}, dtype)};
      break;
    case OperatorKind::add:
      op.inputs = {x, make("b", TensorKind::activation, {s.rows, s.cols}, dtype)};
      break;
    case OperatorKind::silu_mul:
      op.inputs = {make("gate_up", TensorKind::activation, {s.rows, 2 * s.cols}, dtype)};
      break;
    case OperatorKind::embedding:
      op.inputs = {make("table", TensorKind::weight, {s.rows, s.cols}, dtype)};
      break;
    case OperatorKind::matmul:
    case OperatorKind::attention:
    case OperatorKind::softmax:
    case OperatorKind::gelu:
    case OperatorKind::rope:
    case OperatorKind::kv_append:
    case OperatorKind::all_reduce:
    case OperatorKind::all_gather:
    case OperatorKind::reduce_scatter:
    case OperatorKind::all_to_all:
    case OperatorKind::broadcast:
    case OperatorKind::send_recv:
      op.inputs = {x};
      break;
  }
  op.outputs.push_back(y);
  return op;
}

Operator standalone_collective(OperatorKind kind, const CollectiveShape& shape, DType dtype) {
  Operator op = bare(kind, shape, dtype);
  const std::uint64_t elements = std::max<std::uint64_t>(1, shape.bytes * 8 / storage_bits(dtype));
  op.inputs = {make("x", TensorKind::activation, {elements}, dtype)};
  op.outputs = {make("y", TensorKind::activation, {elements}, dtype)};
  return op;
}

KernelResult run_kernel(const Operator& op, const ArchSpec& arch, const RunnerOptions& options) {
  OperatorRunner runner(arch, options);
  return run_kernel(op, runner);
}

KernelResult run_kernel(const Operator& op, OperatorRunner& runner,
                        const std::vector<ResidentTensor>& resident) {
  const ArchSpec& arch = runner.arch();
  const OperatorOutcome& outcome = runner.run(op, resident, 0, resident.empty());
  KernelResult r;
  r.arch = arch.name;
  r.op = to_string(op.kind);
  r.shape = describe(op.shape);
  r.dtype = to_string(op.dtype);
  r.fidelity = to_string(runner.options().fidelity);
  r.mapping = outcome.mapping;
  r.latency_s = to_seconds(outcome.time);
  r.cycles = r.latency_s * arch.clock_hz;
  r.clock_ghz = arch.clock_hz * outcome.clock_factor * 1e-9;
  r.flops = 2.0 * static_cast<double>(operator_macs(op));
  r.counts = outcome.counts;
  const auto* collective = std::get_if<CollectiveShape>(&op.shape);
  r.energy = total_energy(outcome.energy, r.latency_s, collective != nullptr ? collective->devices : 1, arch);
  if (r.latency_s > 0) {
    r.power_w = r.energy.total() / r.latency_s;
    const double peak = arch.peak_macs_per_s(op.dtype);
    if (peak > 0) r.utilization_compute = static_cast<double>(r.counts.total_macs()) / (peak * r.latency_s);
    r.utilization_dram =
        static_cast<double>(r.counts.dram_bytes()) / (arch.dram.peak_bytes_per_s() * r.latency_s);
  }
  r.time.add(outcome.split);
  r.bound = r.time.largest();
  const double skipped = outcome.time > 0 ? to_seconds(outcome.skipped) / r.latency_s : 0;
  r.share = {runner.simulated_transactions(),
             runner.simulated_kernels(),
             runner.simulated_granule_bytes(),
             1 - skipped,
             skipped,
             0};
  if (runner.options().fidelity == Fidelity::roofline) r.share = {};  // nothing is simulated
  return r;
}

}  // namespace orrery
