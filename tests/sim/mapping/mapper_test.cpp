#include "sim/mapping/mapper.h"

#include "sim/engine/isolate.h"
#include "sim/mapping/candidate_list.h"

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "sim/config/name_lookup.h"
#include "sim/engine/kernel_run.h"
#include "sim/mapping/kernel_estimate.h"
#include "sim/util/errors.h"
#include "tests/support/random_operator.h"
#include "tests/support/small_machine.h"

namespace orrery::test {
namespace {

TEST(Mapper, NeverProposesWhatDoesNotFit) {
  for (const std::string& name : arch_names()) {
    const ArchSpec arch = load_arch_named(name);
    const Mapper mapper(arch);
    const KernelEstimate estimate(arch);
    Random random(3);
    for (int i = 0; i < 60; ++i) {
      const Operator op = random_operator(random, arch, 1ULL << 36);
      for (const Candidate& candidate : mapper.map(op, 8)) {
        for (const Task& task : candidate.program.tasks) {
          const auto* launch = std::get_if<KernelLaunch>(&task.work);
          if (launch == nullptr) continue;
          for (const TileKernel& kernel : launch->kernels()) {
            EXPECT_TRUE(estimate.fits(kernel)) << name << " " << candidate.description;
            EXPECT_LE(kernel.cores_used, arch.cores.count);
            EXPECT_GE(kernel.resident_items, 1U);
          }
        }
      }
    }
  }
}

TEST(Mapper, ItsItemsCoverEveryOutputElementOnce) {
  const ArchSpec arch = load_arch_named("gpu/a100-sxm-40gb");
  const Mapper mapper(arch);
  for (const Candidate& candidate : mapper.map(standalone_matmul({3, 1000, 777, 500}, DType::fp16), 8)) {
    const auto& kernel = std::get<KernelLaunch>(candidate.program.tasks[0].work).front();
    std::uint64_t covered = 0;
    std::vector<bool> seen(operand_tile_count(kernel, kernel.outputs[0]), false);
    for (std::uint64_t i = 0; i < kernel.items(); ++i) {
      const WorkItem item = work_item(kernel, i);
      const std::uint64_t tile = operand_tile(kernel, kernel.outputs[0], item, 0);
      EXPECT_FALSE(seen[tile]);
      seen[tile] = true;
      if (item.split == 0) {
        covered += clipped(kernel.m, kernel.tile_m, item.m) * clipped(kernel.n, kernel.tile_n, item.n);
      }
    }
    EXPECT_EQ(covered, 3U * 1000 * 777) << candidate.description;
  }
}

TEST(Mapper, SkinnyAndFatMatmulsEndNearTheirBoundWhenNothingElseIsInTheWay) {
  ArchSpec arch = load_arch_named("gpu/a100-sxm-80gb");
  arch.command = {};
  arch.network.latency_ns = arch.dram.controller_latency_ns = 0;
  arch.shared_levels.front().latency_ns = 0;
  arch.shared_levels.front().sustained_share = 1;
  arch.dram.device.timing.trefi *= 100;
  std::get<DotProductArraySpec>(arch.cores.matrix).issue_rate = 0.98;
  arch.power_cap_w = 0;
  arch.execution.library.reset();
  OperatorRunner runner(arch, {});
  const KernelResult skinny = run_kernel(standalone_matmul({1, 8, 16384, 16384}, DType::fp16), runner);
  EXPECT_GT(skinny.utilization_dram, 0.88);
  const KernelResult fat = run_kernel(standalone_matmul({1, 108 * 128, 4096, 8192}, DType::fp16), runner);
  EXPECT_GT(fat.utilization_compute, 0.92);  // of the 98 % its issue slots allow
}

TEST(Mapper, SplitsKWhenThereAreTooFewTilesForTheCores) {
  const ArchSpec arch = load_arch_named("gpu/a100-sxm-80gb");
  const Candidate best = Mapper(arch).map(standalone_matmul({1, 64, 64, 65536}, DType::fp16), 1).front();
  EXPECT_EQ(best.program.tasks.size(), 2U) << best.description;  // partial sums, then their reduction
}

// 103 taps of 64 channels are more than a core's 64 KiB hold twice.
TEST(Mapper, TapsThatFillAScratchpadAreTiledNarrower) {
  const Operator op = standalone(OperatorKind::conv1d, ScanShape{4, 1, 73, 103}, DType::fp32);
  const ArchSpec arch = load_arch_named("gpu/mi300x");
  for (const Candidate& candidate : Mapper(arch).map(op, 2)) {
    const TileKernel& kernel = std::get<KernelLaunch>(candidate.program.tasks[0].work).front();
    EXPECT_LT(kernel.tile_n, 64U) << candidate.description;
    EXPECT_TRUE(KernelEstimate(arch).fits(kernel));
  }
}

TEST(Mapper, AnOperatorNobodyCanMapIsAnError) {
  ArchSpec arch = small_machine();
  arch.cores.scratchpad.size_bytes = 64;
  EXPECT_THROW(Mapper(arch).map(standalone_matmul({1, 64, 64, 64}, DType::fp16), 1), ConfigError);
  const ArchSpec small = small_machine();
  for (const Fidelity fidelity : {Fidelity::roofline, Fidelity::tile, Fidelity::cycle}) {
    RunnerOptions options;
    options.fidelity = fidelity;
    EXPECT_THROW(run_kernel(standalone_matmul({1, 64, 64, 64}, DType::fp8), small, options), ConfigError);
  }
}

// Of tilings that are within a per cent of each other in time, the one that moves less.
TEST(Mapper, EnergyDecidesWhereTimeDoesNot) {
  const ArchSpec arch = load_arch_named("asic/edge-npu");
  const Operator op = standalone_matmul({1, 512, 4096, 4096}, DType::int8);
  const auto by = [&](MapObjective objective) {
    RunnerOptions options;
    options.objective = objective;
    const std::string answer = run_isolated({[&] {
                                              const KernelResult r = run_kernel(op, arch, options);
                                              return std::to_string(r.latency_s * 1e9) + " " +
                                                     std::to_string(r.energy.total().value() * 1e12);
                                            }},
                                            1)
                                   .front();
    double ns = 0;
    double pj = 0;
    EXPECT_EQ(std::sscanf(answer.c_str(), "%lf %lf", &ns, &pj), 2);
    return std::pair{ns, pj};
  };
  const auto fast = by(MapObjective::time);
  const auto thrifty = by(MapObjective::energy);
  const auto both = by(MapObjective::edp);
  EXPECT_LE(thrifty.second, fast.second);
  EXPECT_LE(fast.first, 1.01 * thrifty.first);
  EXPECT_LE(both.first * both.second,
            1.001 * std::min(fast.first * fast.second, thrifty.first * thrifty.second));
}

TEST(Mapper, TilesOfAFewEvenPiecesAreTried) {
  const std::vector<std::uint64_t> sizes = balanced_tile_sizes(741, 16, 16384, 16);
  for (const std::uint64_t even : {384U, 256U, 192U, 160U}) {  // halves, thirds, quarters, fifths
    EXPECT_NE(std::find(sizes.begin(), sizes.end(), even), sizes.end()) << even;
  }
  EXPECT_TRUE(std::is_sorted(sizes.begin(), sizes.end()));
}

}  // namespace
}  // namespace orrery::test
