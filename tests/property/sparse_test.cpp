// Sparse weights and sparse attention on every machine shipped: nothing beats its bound, only what is kept
// counts, what keeps less is not slower, and what is skipped is what would have been simulated.

#include <gtest/gtest.h>

#include <map>

#include <functional>

#include "sim/config/arch_loader.h"
#include "sim/config/name_lookup.h"
#include "sim/engine/isolate.h"
#include "sim/engine/kernel_run.h"
#include "sim/engine/machine.h"
#include "sim/mapping/mapper.h"
#include "sim/workload/operator_counts.h"
#include "sim/workload/standalone_operator.h"
#include "tests/support/machine_name.h"
#include "tests/support/moved_bytes.h"
#include "tests/support/random_operator.h"
#include "tests/support/shipped_machine.h"

namespace orrery::test {
namespace {

class Sparse : public testing::TestWithParam<std::string> {};

RunnerOptions options_at(Fidelity fidelity, bool exact = false) {
  RunnerOptions options;
  options.fidelity = fidelity;
  options.exact = exact;
  return options;
}

Operator product(const MatmulShape& shape, DType dtype, const std::string& pattern) {
  Operator op = standalone_matmul(shape, dtype);
  op.inputs[1].format = sparse(op.inputs[1].format, sparsity_named(pattern).value());
  return op;
}

void expect_bounds(const Operator& op, OperatorRunner& runner, OperatorRunner& bounds,
                   const std::string& what) {
  const KernelResult r = run_kernel(op, runner);
  const KernelResult bound = run_kernel(op, bounds);
  SCOPED_TRACE(runner.arch().name + " " + describe(op) + " " + what + ": " + r.mapping);
  EXPECT_GE(r.latency_s, bound.latency_s * (1 - 1e-9));
  expect_computed(r.counts.total_macs(), op, runner.arch());
  EXPECT_LE(r.utilization_compute, 1 + 1e-9);
  EXPECT_GE(r.counts.issued_macs, r.counts.total_macs() * storage_bits(op.dtype) / 16);
}

// Small machines take long over large operators.
std::uint64_t scale(const ArchSpec& arch) {
  return arch.peak_macs_per_s(arch.execution.default_dtype) > 1e13 ? 4096 : 768;
}

TEST_P(Sparse, PhysicsHold) {
  const ArchSpec arch = shipped_machine(GetParam());
  OperatorRunner runner(arch, options_at(Fidelity::tile));
  OperatorRunner bounds(arch, options_at(Fidelity::roofline));
  Random random(19);
  const DType dtype = arch.execution.default_dtype;
  for (const char* pattern :
       {"2:4", "1:8", "0.5", "0.02", "16x16:0.3", "128x32:0.1", "64x64:0.01", "1000x1000:0.5", "1x1:0.5"}) {
    for (int i = 0; i < 4; ++i) {
      const MatmulShape shape{1 + random.below(2), wild_extent(random, scale(arch) / 4),
                              wild_extent(random, scale(arch)), wild_extent(random, scale(arch))};
      expect_bounds(product(shape, dtype, pattern), runner, bounds, pattern);
    }
  }
  Random turned(23);
  for (int i = 0; i < 4; ++i) {
    const MatmulShape shape{1, wild_extent(turned, scale(arch) / 4), wild_extent(turned, scale(arch)),
                            wild_extent(turned, scale(arch))};
    expect_bounds(product(shape, dtype, "circulant:16"), runner, bounds, "circulant:16");
  }
  for (int i = 0; i < 12; ++i) {
    AttentionShape s{1 + random.below(4),      8, std::uint64_t{1} << random.below(4), 64, 0,
                     wild_extent(random, 2048)};
    s.q = random.below(3) == 0 ? 1 : s.kv;
    s.causal = s.q > 1 && random.below(2) == 0;
    if (s.q > 1 && random.below(2) == 0) {
      s.window = 1 + random.below(s.kv);
      s.global = random.below(s.kv);
    } else {
      s.density_ppm = 1 + random.below(kWholeDensity);
    }
    expect_bounds(standalone_attention(s, arch.execution.default_dtype), runner, bounds, "");
  }
}

// Known anomalies, and how far off they are; no others are tolerated. A library's closed form misses its
// fastest tiling; skipping takes an early regime of kernels that lanes and engine share for all of it.
double anomaly(const std::string& arch, const std::string& pattern) {
  static const std::map<std::string, double> kListed = {
      {"gpu/mi100 1:4", 0.12},
      {"pim/hbm-pim 1:4", 0.12},  // the same engine
      {"gpu/rtx3090 1:4", 0.12},
      {"gpu/l4 0.3", 0.1},
      {"gpu/rtx-pro-6000-server 2:4", 0.09},
      {"gpu/rtx-pro-6000-workstation 2:4", 0.09},
  };
  const auto listed = kListed.find(arch + " " + pattern);
  return listed == kListed.end() ? 0 : listed->second;
}

TEST_P(Sparse, WhatKeepsLessIsNotSlower) {
  const ArchSpec arch = shipped_machine(GetParam());
  OperatorRunner runner(arch, options_at(Fidelity::tile));
  const DType dtype = arch.execution.default_dtype;
  const std::uint64_t n = scale(arch);
  // A library's closed form does not always choose its fastest tiling.
  const double tolerance = arch.execution.library ? 1.06 : 1.02;
  for (const std::uint64_t m : {std::uint64_t{16}, n / 2}) {
    const auto seconds = [&](const char* pattern) {
      return run_kernel(product({1, m, n, n}, dtype, pattern), runner).latency_s;
    };
    for (const auto& [less, more] :
         {std::pair("1:4", "2:4"), {"0.1", "0.5"}, {"128x128:0.1", "128x128:0.5"}, {"128x128:0.5", "dense"}})
      EXPECT_LE(seconds(less), seconds(more) * std::max(tolerance, 1 + anomaly(arch.name, less)))
          << arch.name << " " << less << " against " << more << ", m " << m;
  }
}

TEST_P(Sparse, SkippingAgreesWithTheFullSimulation) {
  const ArchSpec arch = shipped_machine(GetParam());
  Machine machine(arch);
  const Mapper mapper(arch);
  const std::uint64_t n = scale(arch);
  for (const char* pattern : {"2:4", "0.3", "64x64:0.3", "32x256:0.1"}) {
    const Operator op = product({1, n / 2, n, n}, arch.execution.default_dtype, pattern);
    const Program program = mapper.map(op, 1).front().program;
    const ProgramOutcome full = machine.run(program, {}, false);
    const ProgramOutcome fast = machine.run(program, {}, true);
    const auto ratio = [](auto a, auto b) { return static_cast<double>(a) / static_cast<double>(b); };
    EXPECT_NEAR(ratio(fast.time, full.time), 1, std::max(0.05, anomaly(arch.name, pattern)))
        << arch.name << " " << pattern;
    EXPECT_EQ(fast.counts.total_macs(), full.counts.total_macs());
    EXPECT_NEAR(ratio(fast.counts.issued_macs, full.counts.issued_macs), 1, 0.01)
        << arch.name << " " << pattern;
  }
}

INSTANTIATE_TEST_SUITE_P(AllMachines, Sparse, testing::ValuesIn(arch_names()), machine_test_name);

// On tensor cores that pass over two of four zeros large products take little more than half their time
// (cuSPARSELt 0.1.0, release notes: up to 90 % of the doubled peak on A100, which is what dense ones reach of
// theirs), more where power or operands set the pace; those that do not pass over any multiply all.
TEST(SparseKernels, TwoOfFourHalvesLargeProductsWhereTheEngineSkips) {
  const MatmulShape large{1, 8192, 8192, 8192};
  const MatmulShape thin{1, 1, 16384, 16384};
  struct Gain {
    const char* machine;
    MatmulShape shape;
    double least, most;
  };
  // A token's product waits for its weights: 9 bits of 16, whatever multiplies them.
  const std::vector<Gain> gains = {{"gpu/a100-sxm-80gb", large, 1.5, 2.0}, {"gpu/h100-sxm", large, 1.3, 2.0},
                                   {"gpu/mi300x", large, 1.3, 2.0},        {"gpu/v100-sxm2", large, 0.9, 1.1},
                                   {"gpu/a100-sxm-80gb", thin, 1.6, 1.8},  {"gpu/v100-sxm2", thin, 1.4, 1.8}};
  std::vector<std::function<std::string()>> tasks;
  for (const Gain& g : gains) {
    tasks.emplace_back([g] {
      const ArchSpec arch = load_arch_named(g.machine);
      OperatorRunner runner(arch, options_at(Fidelity::tile));
      const double dense = run_kernel(standalone_matmul(g.shape, DType::fp16), runner).latency_s;
      return std::to_string(dense / run_kernel(product(g.shape, DType::fp16, "2:4"), runner).latency_s);
    });
  }
  const std::vector<std::string> answers = run_isolated(tasks, 2);
  for (std::size_t i = 0; i < gains.size(); ++i) {
    EXPECT_GE(std::stod(answers[i]), gains[i].least) << gains[i].machine << " m " << gains[i].shape.m;
    EXPECT_LE(std::stod(answers[i]), gains[i].most) << gains[i].machine << " m " << gains[i].shape.m;
  }
}

}  // namespace
}  // namespace orrery::test
