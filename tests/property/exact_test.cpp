// What the shortcuts cost: steady-state skipping against the full simulation, kernel by kernel; kernel cache,
// layer replication and decode sampling against --exact, on whole inferences.

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "models/memory/tile_lru.h"
#include "sim/config/arch_loader.h"
#include "sim/config/name_lookup.h"
#include "sim/engine/isolate.h"
#include "sim/engine/kernel_run.h"
#include "sim/engine/machine.h"
#include "sim/engine/roofline.h"
#include "sim/mapping/mapper.h"
#include "sim/serve/inference.h"
#include "sim/workload/operator_counts.h"
#include "tests/support/machine_name.h"
#include "tests/support/property_machines.h"
#include "tests/support/random_operator.h"
#include "tests/support/shipped_machine.h"

namespace orrery::test {
namespace {

class Skipping : public testing::TestWithParam<std::string> {};

TEST_P(Skipping, AgreesWithTheFullSimulationOfLargeMatmuls) {
  ArchSpec arch = shipped_machine(GetParam());
  arch.execution.library.reset();
  Machine machine(arch);
  const Mapper mapper(arch);
  Random random(5);
  const DType dtype = arch.execution.default_dtype;
  const double peak = arch.peak_macs_per_s(dtype);
  double sum = 0;
  int skipping = 0;
  for (int i = 0; i < 32; ++i) {
    const std::uint64_t scale = peak > 1e14 ? 16384 : peak > 1e13 ? 8192 : 1024;
    const std::uint64_t batch = random.below(4) == 0 ? 64 : 1;
    const MatmulShape shape{batch, random.log_uniform(scale / 8, scale) / (batch > 1 ? 8 : 1),
                            random.log_uniform(scale / 4, 2 * scale) / (batch > 1 ? 8 : 1),
                            random.log_uniform(256, 2048)};
    const Program program = mapper.map(standalone_matmul(shape, dtype), 1).front().program;
    const ProgramOutcome full = machine.run(program, {}, false);
    const ProgramOutcome skipped = machine.run(program, {}, true);
    if (skipped.skipped == 0) {
      EXPECT_EQ(full.time, skipped.time);
      EXPECT_TRUE(full.counts == skipped.counts);
      continue;
    }
    ++skipping;
    const double error = static_cast<double>(skipped.time) / static_cast<double>(full.time) - 1;
    sum += std::abs(error);
    EXPECT_LT(std::abs(error), 0.05) << shape.m << "x" << shape.n << "x" << shape.k;
    EXPECT_EQ(full.counts.total_macs(), skipped.counts.total_macs());
    const auto bytes = [](const ProgramOutcome& o) {
      return static_cast<double>(o.counts.requested_read_bytes);
    };
    EXPECT_NEAR(bytes(skipped) / bytes(full), 1, 0.02)
        << shape.batch << " x " << shape.m << "x" << shape.n << "x" << shape.k;
    EXPECT_EQ(skipped.split.total(), skipped.time);
    const auto dram = [](const ProgramOutcome& o) { return static_cast<double>(o.counts.dram_bytes()); };
    EXPECT_NEAR(dram(skipped) / dram(full), 1, 0.06)
        << shape.batch << " x " << shape.m << "x" << shape.n << "x" << shape.k;
  }
  if (arch.cores.count > 100) {
    EXPECT_GT(skipping, 5);
  }
  EXPECT_LT(sum, 0.01 * std::max(1, skipping));
}

// Long kernels of clusters of two, which share reads of B: over dozens of waves a cluster keeps its items
// together (half of the reads of 128x256 tiles' B, a third of all), and what is skipped is what was
// simulated.
TEST(Skipping, ClustersStayInStep) {
  const ArchSpec arch = load_arch_named("gpu/h100-sxm");
  Machine machine(arch);
  const Mapper mapper(arch);
  for (const MatmulShape& shape :
       {MatmulShape{1, 8192, 28672, 4096}, {1, 8192, 4096, 14336}, {1, 4096, 22016, 8192}}) {
    const Program program = mapper.map(standalone_matmul(shape, DType::bf16), 1).front().program;
    ASSERT_EQ(std::get<KernelLaunch>(program.tasks[0].work).front().cluster, 2U);
    const ProgramOutcome full = machine.run(program, {}, false);
    const ProgramOutcome skipped = machine.run(program, {}, true);
    for (const ProgramOutcome* run : {&full, &skipped}) {
      EXPECT_LE(3 * run->counts.multicast_bytes, run->counts.requested_read_bytes) << shape.n;
      EXPECT_GT(run->counts.multicast_bytes, run->counts.requested_read_bytes * 32 / 100) << shape.n;
    }
    EXPECT_NEAR(to_seconds(skipped.time) / to_seconds(full.time), 1, 0.02) << shape.n;
    EXPECT_LT(skipped.simulated_counts.granules, 300'000U) << shape.n;
  }
}

// Three columns of items, the last cut by the edge, on the one core of a machine that a vector unit paces:
// what is skipped takes the time of its own elements, and never less than the roofline.
// A forecast whose record is too short to be taken back is made again, to the same end.
TEST(Skipping, ForecastsWithShortRecordsAsWithLongOnes) {
  for (const char* name : {"gpu/l40s", "gpu/mi300x"}) {
    const ArchSpec arch = load_arch_named(name);
    for (const std::uint64_t m : {4096U, 12289U}) {
      MatmulShape shape{1, m, 16384, 16384};
      shape.engine = engine_number(ServingEngine::sglang);
      const Operator op = standalone_matmul(shape, DType::fp8);
      const auto task = [&](std::size_t changes) {
        return [&arch, &op, changes] {
          TileLru::bound_records(changes);
          OperatorRunner runner(arch, {});
          const KernelResult r = run_kernel(op, runner);
          return std::to_string(r.latency_s * 1e12) + " " + std::to_string(r.counts.dram_bytes());
        };
      };
      const auto answers = run_isolated({task(std::size_t{1} << 22), task(4096), task(64)}, 2);
      for (const std::string& answer : answers) EXPECT_EQ(answer, answers[0]) << name << " " << m;
    }
  }
}

TEST(Skipping, CountsTheElementsOfItemsThatEdgesCut) {
  const ArchSpec arch = load_arch_named("asic/edge-npu");
  Machine machine(arch);
  for (const auto& [rows, columns] : {std::pair<std::uint64_t, std::uint64_t>{6943, 751}, {9001, 530}}) {
    const Operator op = standalone(OperatorKind::dropout_add, VectorShape{rows, columns}, DType::int8);
    int skipping = 0;
    for (const Candidate& mapping : Mapper(arch).map(op, 16)) {
      const ProgramOutcome skipped = machine.run(mapping.program, {}, true);
      if (skipped.skipped == 0) continue;
      ++skipping;
      const ProgramOutcome full = machine.run(mapping.program, {}, false);
      EXPECT_NEAR(to_seconds(skipped.time) / to_seconds(full.time), 1, 0.0005) << rows << mapping.description;
      EXPECT_GE(to_seconds(skipped.time), roofline(op, arch, true).seconds * (1 - 1e-6)) << rows;
    }
    EXPECT_GT(skipping, 0);
  }
}

// Sequences of 1 to 13,277 positions in one kernel: items that end at all times.
TEST(Skipping, AgreesOnSequencesOfVeryUnlikeLengths) {
  const ArchSpec arch = load_arch_named("gpu/h100-sxm");
  Machine machine(arch);
  AttentionShape shape{3, 32, 8, 128, 1, 1};
  for (const auto& [batch, kv] : {std::pair{1, 982},
                                  {3, 2},
                                  {30, 1},
                                  {1, 13277},
                                  {1, 13164},
                                  {1, 190},
                                  {1, 173},
                                  {3, 10487},
                                  {30, 12937}})
    shape.more.push_back({static_cast<std::uint64_t>(batch), 1, static_cast<std::uint64_t>(kv)});
  const Program program = Mapper(arch).map(standalone_attention(shape, DType::bf16), 1).front().program;
  ASSERT_EQ(std::get<KernelLaunch>(program.tasks[0].work).kernels().size(), 9U);  // two are alike
  const ProgramOutcome full = machine.run(program, {}, false);
  const ProgramOutcome skipped = machine.run(program, {}, true);
  EXPECT_GT(skipped.skipped, 0);
  EXPECT_NEAR(to_seconds(skipped.time) / to_seconds(full.time), 1, 0.01);
  EXPECT_EQ(skipped.counts.total_macs(), full.counts.total_macs());
  EXPECT_EQ(skipped.counts.requested_read_bytes, full.counts.requested_read_bytes);
}

// Waves that found fewer misses than are forecast for the next say nothing of what those read for the first
// time.
void expect_first_reads(const std::string& name, const AttentionShape& shape, DType dtype) {
  const ArchSpec arch = load_arch_named(name);
  Machine machine(arch);
  const Operator op = standalone_attention(shape, dtype);
  const ProgramOutcome skipped = machine.run(Mapper(arch).map(op, 1).front().program, {}, true);
  EXPECT_GT(skipped.skipped, 0);
  EXPECT_GE(skipped.counts.dram_read_bytes, operator_bytes(op).read);
}
TEST(Skipping, LeavesOutNoFirstReadOfSharedHeads) {
  expect_first_reads("gpu/arc-pro-b60", {2, 112, 14, 64, 132, 3769, true}, DType::bf16);
}
TEST(Skipping, LeavesOutNoFirstReadOfShortHeads) {
  expect_first_reads("gpu/jetson-agx-orin", {3, 60, 10, 32, 307, 1025, true}, DType::fp16);
}

// Kernels that write much more than the shared buffer holds, and such as read little for what they do: time,
// DRAM traffic and energy, against the full simulation and the roofline.
TEST_P(Skipping, AgreesWhereWritesOutgrowTheSharedBuffer) {
  const ArchSpec arch = shipped_machine(GetParam());
  const DType dtype = arch.execution.default_dtype;
  const bool big = arch.peak_macs_per_s(dtype) > 1e13;
  const std::uint64_t rows = big ? 32768 : 1024;
  RunnerOptions exact;
  exact.exact = true;
  for (const Operator& op : {standalone(OperatorKind::gelu, VectorShape{rows, 8192}, dtype),
                             standalone(OperatorKind::softmax, VectorShape{rows, 4096}, dtype),
                             standalone(OperatorKind::add, VectorShape{rows, 8192}, dtype),
                             standalone_matmul({1, rows, rows / 2, 32}, dtype),
                             standalone_attention({4, 8, 8, 64, rows / 16, rows / 16, false}, dtype)}) {
    const auto task = [&](const RunnerOptions& options) {
      return [&arch, &op, options] {
        OperatorRunner runner(arch, options);
        const KernelResult r = run_kernel(op, runner);
        return std::to_string(r.latency_s * 1e9) + " " + std::to_string(r.counts.dram_bytes()) + " " +
               std::to_string(r.energy.total().value() * 1e9) + " " + std::to_string(r.sharing.front().mean) +
               " " + std::to_string(r.sharing.front().largest) + " " + r.shape;
      };
    };
    const auto answers = run_isolated({task({}), task(exact)}, 2);
    double t = 0, bytes = 0, joules = 0, mean = 0, busiest = 0;
    double t_exact = 0, bytes_exact = 0, joules_exact = 0, mean_exact = 0, busiest_exact = 0;
    ASSERT_EQ(std::sscanf(answers[0].c_str(), "%lf %lf %lf %lf %lf", &t, &bytes, &joules, &mean, &busiest),
              5);
    ASSERT_EQ(std::sscanf(answers[1].c_str(), "%lf %lf %lf %lf %lf", &t_exact, &bytes_exact, &joules_exact,
                          &mean_exact, &busiest_exact),
              5);
    SCOPED_TRACE(std::string(to_string(op.kind)) + " " + answers[1]);
    EXPECT_GE(t * 1e-9, roofline(op, arch, true).seconds * (1 - 1e-6));
    EXPECT_NEAR(t / t_exact, 1, 0.02);
    EXPECT_NEAR(bytes / bytes_exact, 1, 0.05);
    EXPECT_NEAR(joules / joules_exact, 1, 0.03);
    EXPECT_NEAR(mean / mean_exact, 1, 1e-6);
    EXPECT_NEAR(busiest / busiest_exact, 1, 0.1);
  }
}

// Decoding over a cache: items of 20 to 60 stages, whose buffers take long to fill.
TEST_P(Skipping, AgreesOnDecodeAttention) {
  const ArchSpec arch = shipped_machine(GetParam());
  const DType dtype = arch.execution.default_dtype;
  const auto task = [&](bool skip) {
    return [&arch, dtype, skip] {
      Machine machine(arch);
      const Mapper mapper(arch);
      std::string times;
      for (const std::uint64_t kv : {1887U, 4096U, 5632U, 6080U}) {
        for (const std::uint64_t batch : {4U, 32U}) {
          const Operator op = standalone_attention({batch, 32, 8, 128, 1, kv, false}, dtype);
          times += std::to_string(machine.run(mapper.map(op, 1).front().program, {}, skip).time) + " ";
        }
      }
      return times;
    };
  };
  const auto answers = run_isolated({task(true), task(false)}, 2);
  std::istringstream skipped(answers[0]);
  std::istringstream full(answers[1]);
  double a = 0;
  double b = 0;
  while (skipped >> a && full >> b) EXPECT_NEAR(a / b, 1, 0.02) << a << " of " << b;
}

INSTANTIATE_TEST_SUITE_P(AllMachines, Skipping, testing::ValuesIn(property_machines()), machine_test_name);

std::function<std::string()> latency_task(const std::string& arch_name, const std::string& model,
                                          bool exact) {
  return [=] {
    const ArchSpec arch = load_arch_named(arch_name);
    const LlmSpec llm = load_llm_named(model);
    Scenario scenario;
    scenario.input = 64;
    scenario.output = 48;
    scenario.formats = number_formats({}, std::nullopt, arch);
    scenario.split.tensor = arch.node.devices;
    RunnerOptions options;
    options.exact = exact;
    OperatorRunner runner(arch, options);
    const RunResult r = run_inference(ModelStream(llm, scenario, arch.execution, 8192), runner,
                                      [](const char*, std::uint64_t, std::uint64_t) {});
    return std::to_string(r.latency_s) + " " + std::to_string(r.decode_sampling_error) + " " +
           std::to_string(r.share.simulated);
  };
}

void expect_shortcuts_hold(const std::string& arch, const std::string& model) {
  const auto answers = run_isolated({latency_task(arch, model, false), latency_task(arch, model, true)}, 2);
  double fast = 0, fast_bound = 0, fast_simulated = 0, exact = 0, exact_bound = 0, exact_simulated = 0;
  ASSERT_EQ(std::sscanf(answers[0].c_str(), "%lf %lf %lf", &fast, &fast_bound, &fast_simulated), 3);
  ASSERT_EQ(std::sscanf(answers[1].c_str(), "%lf %lf %lf", &exact, &exact_bound, &exact_simulated), 3);
  EXPECT_LT(std::abs(fast / exact - 1), fast_bound + 0.005)
      << arch << ": " << fast << " s against " << exact << " s";
  EXPECT_EQ(exact_bound, 0);
  EXPECT_GT(exact_simulated, 0.999);
  EXPECT_LT(fast_simulated, 0.5);
}

TEST(Exact, ShortcutsStayWithinTheStatedBoundOnAGpu) {
  expect_shortcuts_hold("gpu/a100-sxm-80gb", "gpt2");
}
TEST(Exact, ShortcutsStayWithinTheStatedBoundOnFourFpgas) {
  expect_shortcuts_hold("fpga/u280-x4-dfx", "gpt2");
}
TEST(Exact, ShortcutsStayWithinTheStatedBoundOnATpu) {
  expect_shortcuts_hold("asic/tpu-v4i", "gpt2");
}

}  // namespace
}  // namespace orrery::test
