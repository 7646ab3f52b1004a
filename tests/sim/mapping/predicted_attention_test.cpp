// Attention on machines that estimate scores first, and so compute some of the pairs.

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "sim/engine/roofline.h"
#include "sim/mapping/attention_kernel.h"
#include "sim/timing/predictor_timing.h"
#include "sim/workload/operator_counts.h"
#include "sim/workload/standalone_operator.h"
#include "tests/support/command.h"
#include "tests/support/isolated_kernel.h"

namespace orrery::test {
namespace {

Operator attention_of(std::uint64_t q) {
  AttentionShape shape;
  shape.batch = 1;
  shape.heads = shape.kv_heads = 4;
  shape.head_dim = 64;
  shape.q = q;
  shape.kv = 512;
  return standalone_attention(shape, DType::int8);
}

IsolatedKernel run_with(ArchSpec arch, double kept, double pairs_per_cycle,
                        Fidelity fidelity = Fidelity::tile, std::uint64_t q = 512) {
  arch.cores.predictor->kept_share = kept;
  arch.cores.predictor->pairs_per_cycle = pairs_per_cycle;
  return isolated_kernel(attention_of(q), arch, fidelity);
}

TEST(PredictedAttention, ComputesWhatItKeepsAsLongAsThePredictorKeepsUp) {
  const ArchSpec arch = load_arch_named("asic/elsa");
  const IsolatedKernel dense = run_with(arch, 1, 1024);
  const IsolatedKernel half = run_with(arch, 0.5, 1024);
  EXPECT_NEAR(half.latency_s / dense.latency_s, 0.5, 0.05);
  EXPECT_EQ(dense.counts.total_macs(), operator_macs(attention_of(512)));
  EXPECT_EQ(half.counts.total_macs(), operator_macs(attention_of(512)) / 2);
  EXPECT_EQ(half.counts.predicted_pairs, 4U * 512 * 512);
  // One pair a cycle takes longer than all of the engine's work.
  const IsolatedKernel slow = run_with(arch, 0.5, 1);
  EXPECT_NEAR(slow.latency_s, 4 * 512 * 512 * 1e-9, 0.02 * slow.latency_s);
  EXPECT_GE(half.latency_s, run_with(arch, 0.5, 1024, Fidelity::roofline).latency_s);
}

// Both fidelities overlap the predictor with the engine.
TEST(PredictedAttention, CycleAgrees) {
  const ArchSpec arch = load_arch_named("asic/a3");
  const double tile = run_with(arch, 0.6, 2, Fidelity::tile, 128).latency_s;
  const double cycle = run_with(arch, 0.6, 2, Fidelity::cycle, 128).latency_s;
  EXPECT_NEAR(tile / cycle, 1, 0.05);
}

TEST(PredictedAttention, EstimatesHaveARateOrAMemory) {
  const auto said = [](const std::string& keys) {
    return orrery_command(
               "check " +
               temporary_file("rate.yaml",
                              "schema: orrery/arch/1\nbase: asic/elsa\nname: rate\nchip:\n  cores:\n"
                              "    score_predictor: {" +
                                  keys + "}\n"))
        .err;
  };
  EXPECT_NE(said("pairs_per_cycle: 0").find("'pairs_per_cycle'"), std::string::npos);
  EXPECT_NE(said("write_cycles: 1").find("with 'searched_keys'"), std::string::npos);
  EXPECT_NE(said("searched_keys: 64, search_cycles: 1").find("one of the two"), std::string::npos);
  EXPECT_NE(said("searched_keys: 64, pairs_per_cycle: 0").find("a search must take some time"),
            std::string::npos);
}

// All keys of a tile at once: as long as its searches and its keys' writes take.
TEST(PredictedAttention, AMemorySearchedByContentIsAPredictor) {
  ArchSpec arch = load_arch_named("asic/elsa");
  arch.cores.predictor->searched_keys = 512;
  arch.cores.predictor->search_cycles = 1;
  arch.cores.predictor->write_cycles = 1;
  const IsolatedKernel fast = run_with(arch, 0.5, 0);
  EXPECT_EQ(fast.counts.predicted_pairs, 4U * 512 * 512);
  arch.cores.predictor->search_cycles = 4000;  // of each of 4 x 512 queries, if a tile has all keys
  const IsolatedKernel slow = run_with(arch, 0.5, 0);
  EXPECT_GT(slow.latency_s, 4 * 512 * 4000 * 1e-9);
  EXPECT_GT(slow.latency_s, 10 * fast.latency_s);
  EXPECT_EQ(slow.counts.total_macs(), fast.counts.total_macs());
}

TEST(PredictedAttention, KeysThatNobodyKeepsStayInMemory) {
  const ArchSpec arch = load_arch_named("asic/spatten-8th");
  ArchSpec all = arch;
  all.cores.predictor->fetches_kept = false;
  // A query alone: of 512 keys of 8 bits a quarter and 4 bits of all, of values a quarter.
  const double kept = static_cast<double>(run_with(arch, 0.25, 16, Fidelity::tile, 1).counts.dram_read_bytes);
  const double whole = static_cast<double>(run_with(all, 0.25, 16, Fidelity::tile, 1).counts.dram_read_bytes);
  EXPECT_NEAR(kept / whole, (0.25 + 0.5 + 0.25) / 2, 0.02);
  EXPECT_GT(whole, 2.0 * 4 * 512 * 64);
}

TEST(PredictedAttention, ADensityOverOneIsRefused) {
  const std::string file =
      temporary_file("mine.yaml",
                     "schema: orrery/arch/1\nbase: asic/a3\nname: mine\nchip:\n  cores:\n"
                     "    score_predictor: {kept_share: 1.5}\n");
  const CommandResult r = orrery_command("check " + file);
  EXPECT_EQ(r.exit_code, 2);
  EXPECT_NE(r.err.find("mine.yaml:6"), std::string::npos) << r.err;
  EXPECT_NE(r.err.find(
                "'chip.cores.score_predictor.kept_share' is 1.5; expected number, greater than 0, at most 1"),
            std::string::npos)
      << r.err;
}

}  // namespace
}  // namespace orrery::test
