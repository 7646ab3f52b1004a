// Fidelity `cycle` bounds the error of `tile`: the array element by element, DRAM by commands, the network by
// flits, on small operators.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "models/compute/pe_array.h"
#include "sim/config/arch_loader.h"
#include "sim/engine/isolate.h"
#include "sim/engine/kernel_run.h"
#include "sim/engine/roofline.h"
#include "sim/timing/systolic_timing.h"
#include "sim/util/errors.h"
#include "sim/workload/operator_counts.h"
#include "tests/support/moved_bytes.h"
#include "tests/support/random_operator.h"

namespace orrery::test {
namespace {

// Latencies in us, in a process of its own.
std::vector<double> latencies(const ArchSpec& arch, const std::vector<Operator>& operators,
                              Fidelity fidelity) {
  const auto simulate = [&] {
    RunnerOptions options;
    options.fidelity = fidelity;
    OperatorRunner runner(arch, options);
    std::string bytes;
    for (const Operator& op : operators) {
      const KernelResult r = run_kernel(op, runner);
      if (r.latency_s < roofline(op, arch, true).seconds)
        throw SimulationError(arch.name, r.shape + " beats the roofline");
      if (r.counts.total_macs() != computed_macs(op, arch))
        throw SimulationError(arch.name, r.shape + ": MACs");
      const double us = r.latency_s * 1e6;
      bytes.append(reinterpret_cast<const char*>(&us), sizeof us);
    }
    return bytes;
  };
  const std::string bytes = run_isolated({simulate}, 1).front();
  std::vector<double> us(operators.size());
  std::memcpy(us.data(), bytes.data(), bytes.size());
  return us;
}

struct Difference {
  double mean = 0, worst = 0;
};

Difference compare(const std::vector<double>& tile, const std::vector<double>& reference,
                   const std::vector<Operator>& operators) {
  Difference d;
  for (std::size_t i = 0; i < operators.size(); ++i) {
    const double error = std::abs(tile[i] / reference[i] - 1);
    d.mean += error / static_cast<double>(operators.size());
    if (error > d.worst) {
      d.worst = error;
      const auto* s = std::get_if<MatmulShape>(&operators[i].shape);
      if (s != nullptr)
        std::printf("worst so far: %llu x %llu x %llu: tile %.3f, reference %.3f us\n",
                    static_cast<unsigned long long>(s->m), static_cast<unsigned long long>(s->n),
                    static_cast<unsigned long long>(s->k), tile[i], reference[i]);
    }
  }
  std::printf("mean %.2f %%, worst %.2f %%\n", 100 * d.mean, 100 * d.worst);
  return d;
}

std::vector<Operator> random_products(Random& random, int count, std::uint64_t least, std::uint64_t most) {
  std::vector<Operator> operators;
  for (int i = 0; i < count; ++i) {
    const MatmulShape shape{1, random.log_uniform(least, most), random.log_uniform(least, most),
                            random.log_uniform(least, most)};
    operators.push_back(standalone_matmul(shape, DType::int8));
  }
  return operators;
}

// 50 products of at most 256^3 on the edge accelerator, memory and network at `cycle`: within 10 %.
TEST(Cycle, SmallOperatorsOnTheEdgeAcceleratorAreWithin10Percent) {
  const ArchSpec arch = load_arch_named("asic/edge-npu");
  Random random(17);
  const std::vector<Operator> operators = random_products(random, 50, 1, 256);
  const Difference d = compare(latencies(arch, operators, Fidelity::tile),
                               latencies(arch, operators, Fidelity::cycle), operators);
  EXPECT_LT(d.mean, 0.10);
  EXPECT_LT(d.worst, 0.25);
}

// An ideal memory (a thousand times as fast, no latency anywhere) leaves the array alone: `tile` against the
// whole product on the array element by element, in the machine's best dataflow. 500 random products.
TEST(Cycle, TileIsWithin3PercentOfTheArrayOnAnIdealMemory) {
  ArchSpec arch = load_arch_named("asic/edge-npu");
  arch.dram.device.clock_ns /= 1000;
  arch.dram.device.timing.tccd_l = arch.dram.device.timing.tccd_s;
  for (double* ns : {&arch.dram.controller_latency_ns, &arch.network.latency_ns,
                     &arch.command.kernel_overhead_ns, &arch.command.item_dispatch_ns})
    *ns = 0;
  arch.network.port_bytes_per_cycle = 1e6;
  arch.cores.scratchpad.size_bytes = 64 << 20;
  arch.cores.scratchpad.banks = 1024;
  arch.cores.dma.max_granule_bytes = 1 << 20;
  Random random(23);
  const std::vector<Operator> operators = random_products(random, 500, 16, 512);
  std::vector<double> array;
  const auto& spec = std::get<SystolicArraySpec>(arch.cores.matrix);
  PeArray elements(spec.rows, spec.cols, spec.double_buffered, spec.load_rows);
  for (const Operator& op : operators) {
    const auto& s = std::get<MatmulShape>(op.shape);
    // Which dataflow is best the closed form knows (PeArray.ComputesTheProductInTheCyclesOfTheClosedForm).
    const Dataflow best =
        *std::min_element(spec.dataflows.begin(), spec.dataflows.end(), [&](Dataflow x, Dataflow y) {
          return matrix_cycles(spec, x, DType::int8, s.m, s.n, s.k) <
                 matrix_cycles(spec, y, DType::int8, s.m, s.n, s.k);
        });
    const Cycles cycles = elements.run(best, {s.m, s.n, s.k});
    array.push_back(cycles.real() / arch.clock_hz * 1e6);
  }
  const Difference d = compare(latencies(arch, operators, Fidelity::tile), array, operators);
  EXPECT_LT(d.mean, 0.03);
  EXPECT_LT(d.worst, 0.25);  // short products, whose last tile's fill and drain nothing hides
}

// 40 products on the mesh accelerator, each core its own copies: latencies within 15 %, a mean of 8.
TEST(Cycle, SmallProductsOnAMeshAreWithin15Percent) {
  ArchSpec arch = load_arch_named("asic/mesh-npu");
  arch.network.multicast = false;
  Random random(29);
  std::vector<Operator> operators = random_products(random, 39, 16, 256);
  operators.push_back(standalone_matmul({1, 79, 170, 33}, DType::int8));
  const Difference d = compare(latencies(arch, operators, Fidelity::tile),
                               latencies(arch, operators, Fidelity::cycle), operators);
  EXPECT_LT(d.mean, 0.08);
  EXPECT_LT(d.worst, 0.15);
}

// Many cores, a shared buffer in partitions, split-K in two kernels, row-wise operators, attention.
TEST(Cycle, RunsWhatTileRunsOnAGpu) {
  const ArchSpec arch = load_arch_named("gpu/a100-pcie-80gb");
  std::vector<Operator> operators = {standalone_matmul({1, 256, 512, 512}, DType::fp16),
                                     standalone_matmul({1, 16, 256, 4096}, DType::fp16),
                                     standalone(OperatorKind::silu_mul, VectorShape{512, 2048}, DType::fp16),
                                     standalone(OperatorKind::rmsnorm, VectorShape{256, 4096}, DType::fp16)};
  AttentionShape attention;
  attention.batch = 2;
  attention.heads = attention.kv_heads = 8;
  attention.head_dim = 64;
  attention.q = 1;
  attention.kv = 512;
  operators.push_back(standalone_attention(attention, DType::fp16));
  const Difference d = compare(latencies(arch, operators, Fidelity::tile),
                               latencies(arch, operators, Fidelity::cycle), operators);
  EXPECT_LT(d.worst, 0.20);
}

TEST(Cycle, RefusesAMulticast) {
  const ArchSpec arch = load_arch_named("asic/mesh-npu");
  RunnerOptions options;
  options.fidelity = Fidelity::cycle;
  OperatorRunner runner(arch, options);
  EXPECT_THROW(run_kernel(standalone_matmul({1, 64, 64, 64}, DType::int8), runner), ConfigError);
}

TEST(Cycle, RefusesCollectives) {
  const ArchSpec arch = load_arch_named("gpu/a100-sxm-80gb");
  CollectiveShape shape;
  shape.bytes = 1 << 20;
  shape.devices = 4;
  RunnerOptions options;
  options.fidelity = Fidelity::cycle;
  OperatorRunner runner(arch, options);
  EXPECT_THROW(run_kernel(standalone(OperatorKind::all_reduce, shape, DType::fp16), runner), SimulationError);
}

}  // namespace
}  // namespace orrery::test
