// The machine as a whole, exact to the cycle where a closed form says so.

#include "sim/engine/machine.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "models/factory.h"
#include "sim/engine/isolate.h"
#include "sim/timing/dram/dram_timing.h"
#include "sim/timing/systolic_timing.h"
#include "sim/util/errors.h"
#include "tests/support/programs.h"
#include "tests/support/random_operator.h"
#include "tests/support/small_machine.h"

namespace orrery::test {
namespace {

// One m x n x k product as a single stage of a single item.
TileKernel one_fold(std::uint64_t m, std::uint64_t n, std::uint64_t k, Dataflow dataflow) {
  TileKernel kernel;
  kernel.m = kernel.tile_m = m;
  kernel.n = kernel.tile_n = n;
  kernel.k = kernel.tile_k = k;
  kernel.pipeline_stages = 1;
  KernelOperand a;
  a.tensor = TensorId{0};
  a.rows = tile_of(LoopDim::m);
  a.cols = tile_of(LoopDim::k);
  KernelOperand b = a;
  b.tensor = TensorId{1};
  b.rows = tile_of(LoopDim::k);
  b.cols = tile_of(LoopDim::n);
  kernel.inputs = {a, b};
  MatrixStep step;
  step.m = tile_of(LoopDim::m);
  step.n = tile_of(LoopDim::n);
  step.k = tile_of(LoopDim::k);
  step.dataflow = dataflow;
  kernel.matrix_steps = {step};
  kernel.stage_bytes = Bytes{2 * (m * k + k * n)};
  kernel.useful_macs = m * n * k;
  return kernel;
}

TEST(Machine, AResidentFoldCostsExactlyItsClosedFormInEveryDataflow) {
  const ArchSpec arch = small_machine();
  Machine machine(arch);
  Random random(9);
  const std::uint64_t size = 16;
  for (const Dataflow dataflow :
       {Dataflow::weight_stationary, Dataflow::output_stationary, Dataflow::input_stationary}) {
    for (int i = 0; i < 70; ++i) {  // 3 x 70 shapes that fill at most the array
      std::uint64_t m = 1 + random.below(size), n = 1 + random.below(size), k = 1 + random.below(size);
      const std::uint64_t length = random.log_uniform(1, 400);
      (dataflow == Dataflow::weight_stationary   ? m
       : dataflow == Dataflow::output_stationary ? k
                                                 : n) = length;
      const ProgramOutcome run = machine.run(program_of(one_fold(m, n, k, dataflow)), {}, false);
      const std::uint64_t load = dataflow == Dataflow::output_stationary ? 0 : size;
      const std::uint64_t cycles = load + length + (size - 1) + (size - 1);  // load, stream, skew, drain
      EXPECT_EQ(run.split[TimeCategory::compute], static_cast<Femtoseconds>(cycles) * 1'000'000)
          << m << "x" << n << "x" << k << " " << to_string(dataflow);
    }
  }
}

TEST(Machine, BuffersThatDoNotFitAreASimulationErrorThatNamesTheScratchpad) {
  const ArchSpec arch = small_machine();
  Machine machine(arch);
  try {
    machine.run(program_of(one_fold(1024, 16, 1024, Dataflow::weight_stationary)), {}, false);
    FAIL() << "2 MiB of buffers in 256 KiB";
  } catch (const SimulationError& error) {
    EXPECT_NE(std::string(error.what()).find("core0.scratchpad"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("262144"), std::string::npos) << error.what();
  }
}

TEST(Machine, ATaskWhoseDependenceNeverEndsIsReportedWithWhoWaits) {
  const ArchSpec arch = small_machine();
  Machine machine(arch);
  Program program = program_of(load_kernel(1, 4, 1024, 1, 2));
  program.tasks.push_back({load_kernel(1, 4, 1024, 1, 2), {1}});  // waits for itself
  try {
    machine.run(program, {}, false);
    FAIL() << "a starved program must not end quietly";
  } catch (const SimulationError& error) {
    EXPECT_NE(std::string(error.what()).find("command_processor has 1 of 2 task(s) unfinished"),
              std::string::npos)
        << error.what();
  }
}

TEST(Machine, ASecondElaborationInOneProcessIsRefused) {
  const ArchSpec arch = small_machine();
  const Machine machine(arch);
  EXPECT_THROW(Machine{arch}, SimulationError);
}

TEST(Machine, TheSameProgramTakesTheSameTimeWhateverRanBefore) {
  ArchSpec arch = small_machine();
  arch.shared_levels = {{1 * kMiB, 64, 1, 10}};
  Machine machine(arch);
  const Program program = program_of(load_kernel(3, 50, 20000, 1, 3));
  const ProgramOutcome first = machine.run(program, {}, false);
  machine.run(program_of(load_kernel(7, 33, 12345, 1, 2)), {}, false);
  const ProgramOutcome again = machine.run(program, {}, false);
  EXPECT_EQ(first.time, again.time);
  EXPECT_TRUE(first.counts == again.counts);
}

TEST(SharedBuffer, DataThatIsResidentIsNotReadFromDramAgain) {
  ArchSpec arch = small_machine();
  arch.shared_levels = {{1 * kMiB, 64, 1, 10}};
  Machine machine(arch);
  const TileKernel kernel = load_kernel(1, 20, 16 * kKiB, 1, 4);
  const ProgramOutcome cold = machine.run(program_of(kernel), {}, false);
  EXPECT_EQ(cold.counts.dram_read_bytes, 20 * 16 * kKiB);
  ASSERT_EQ(cold.on_chip.tensors.size(), 1U);
  EXPECT_EQ(cold.on_chip.tensors[0].bytes.value(), 20 * 16 * kKiB);
  const ProgramOutcome warm = machine.run(program_of(kernel), cold.on_chip, false);
  EXPECT_EQ(warm.counts.dram_read_bytes, 0U);
  EXPECT_EQ(warm.counts.levels[0].read_bytes, 20 * 16 * kKiB);
  EXPECT_LT(warm.time, cold.time);
  const ProgramOutcome half =
      machine.run(program_of(kernel), {{{TensorId{0}, Bytes{10 * 16 * kKiB}, {}}}, {}}, false);
  EXPECT_EQ(half.counts.dram_read_bytes, 10 * 16 * kKiB);
}

// Five items of 32 KiB on four cores: one of them does two.
TEST(Machine, SaysHowTheCoresShareAKernel) {
  ArchSpec arch = small_machine();
  arch.cores.count = 4;
  for (const Fidelity fidelity : {Fidelity::tile, Fidelity::cycle}) {
    const std::string answer =
        run_isolated(
            {[&] {
              Machine machine(arch, fidelity);
              const TileKernel kernel = load_kernel(5, 2, 16 * kKiB, 4, 2);
              machine.run(program_of(kernel), {}, false);  // forgotten
              const ProgramOutcome run = machine.run(program_of(kernel), {}, false);
              const Sharing& moved = run.sharing[static_cast<std::size_t>(SharedWork::core_bytes)];
              const Sharing& channels = run.sharing[static_cast<std::size_t>(SharedWork::channel_bytes)];
              return fmt::format("{} {} {} {}", moved.sum, moved.largest, moved.instances, channels.sum);
            }},
            1)
            .front();
    const double channels = fidelity == Fidelity::cycle ? 5 * 32 * kKiB : 0;
    EXPECT_EQ(answer, fmt::format("{} {} 4 {}", 5.0 * 32 * kKiB, 2.0 * 32 * kKiB, channels));
  }
}

TEST(SharedBuffer, AStreamLargerThanItLeavesNothingForTheSecondPass) {
  ArchSpec arch = small_machine();
  arch.shared_levels = {{256 * kKiB, 64, 1, 10}};
  Machine machine(arch);
  // Two items read the same 32 tiles of 16 KiB in order: LRU keeps none of them.
  TileKernel kernel = load_kernel(2, 32, 16 * kKiB, 1, 4);
  kernel.inputs[0].by_m = false;
  EXPECT_EQ(machine.run(program_of(kernel), {}, false).counts.dram_read_bytes, 2 * 32 * 16 * kKiB);
}

TEST(SharedBuffer, ATensorOfClippedTilesIsWhollyResidentWhenItWasBefore) {
  ArchSpec arch = small_machine();
  arch.shared_levels = {{1 * kMiB, 64, 1, 10}};
  Machine machine(arch);
  // 100 x 300 elements in tiles of 64 x 128: 64 + 36 rows, 128 + 128 + 44 columns.
  TileKernel kernel = load_kernel(1, 1, 1, 1, 2);
  kernel.m = 100;
  kernel.tile_m = 64;
  kernel.k = 300;
  kernel.tile_k = 128;
  kernel.inputs[0].rows = tile_of(LoopDim::m);
  kernel.inputs[0].cols = tile_of(LoopDim::k);
  kernel.inputs[0].tensor_bytes = Bytes{30000};
  kernel.stage_bytes = Bytes{64 * 128};
  const ProgramOutcome cold = machine.run(program_of(kernel), {}, false);
  ASSERT_EQ(cold.on_chip.tensors[0].bytes.value(), 30000U);
  const ProgramOutcome warm =
      machine.run(program_of(kernel), {{{TensorId{0}, Bytes{30000}, Bytes{30000}}}, {}}, false);
  EXPECT_EQ(warm.counts.dram_read_bytes, 0U);
  EXPECT_EQ(warm.on_chip.tensors[0].dirty_bytes.value(), 30000U);  // none of it is forgotten
}

TEST(SharedBuffer, OtherTensorsDirtyDataIsWrittenBackWhenItMustLeave) {
  ArchSpec arch = small_machine();
  arch.shared_levels = {{1 * kMiB, 64, 1, 10}};
  Machine machine(arch);
  const ProgramOutcome run =
      machine.run(program_of(load_kernel(1, 64, 16 * kKiB, 1, 4)), {{}, Bytes{512 * kKiB}}, false);
  EXPECT_EQ(run.counts.dram_write_bytes, 512 * kKiB);
  EXPECT_EQ(run.on_chip.other_dirty_bytes.value(), 0U);
  const ProgramOutcome small =
      machine.run(program_of(load_kernel(1, 8, 16 * kKiB, 1, 4)), {{}, Bytes{512 * kKiB}}, false);
  EXPECT_EQ(small.counts.dram_write_bytes, 0U);
  EXPECT_EQ(small.on_chip.other_dirty_bytes.value(), 512 * kKiB);
}

TEST(Dma, OutstandingGranulesBoundThePaceOfACore) {
  ArchSpec arch = small_machine();
  arch.dram.controller_latency_ns = 5000;
  arch.cores.dma.max_outstanding = 2;
  arch.cores.dma.max_granule_bytes = 1 * kKiB;
  Machine machine(arch);
  const ProgramOutcome run = machine.run(program_of(load_kernel(1, 10, 20 * kKiB, 1, 4)), {}, false);
  const DramTiming timing(arch.dram);
  // 200 granules, two at a time, a latency each pair.
  EXPECT_NEAR(to_seconds(run.time) * 1e9, 100 * (5000 + timing.read_latency_ns()), 0.03 * 100 * 5050);
}

TEST(CommandProcessor, ADependentTaskStartsWhenTheOneBeforeItEnds) {
  ArchSpec arch = small_machine();
  arch.command.kernel_overhead_ns = 1000;
  Machine machine(arch);
  const TileKernel kernel = load_kernel(1, 10, 4 * kKiB, 1, 2);
  Program two = program_of(kernel);
  two.tasks.push_back({kernel, {0}});
  const ProgramOutcome one = machine.run(program_of(kernel), {}, false);
  const ProgramOutcome both = machine.run(two, {}, false);
  EXPECT_NEAR(static_cast<double>(both.time), 2.0 * static_cast<double>(one.time), 2e4);  // wake-up grid
  EXPECT_EQ(both.split[TimeCategory::launch], 2 * from_ns(1000));
  EXPECT_EQ(both.split.total(), both.time);
}

}  // namespace
}  // namespace orrery::test
