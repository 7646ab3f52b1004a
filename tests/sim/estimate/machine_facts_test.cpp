#include "sim/estimate/machine_facts.h"

#include <gtest/gtest.h>

#include "tests/support/config_error.h"
#include "tests/support/small_machine.h"

namespace orrery::test {
namespace {

TEST(MachineFacts, SayWhatEachLevelMoves) {
  ArchSpec arch = small_machine();
  const MachineFacts facts = machine_facts(arch);
  ASSERT_FALSE(facts.levels.empty());
  EXPECT_EQ(facts.levels.back().level, "dram");
  EXPECT_DOUBLE_EQ(facts.levels.back().gb_per_s, arch.dram.peak_bytes_per_s() * 1e-9);
  EXPECT_DOUBLE_EQ(facts.dram_channel_gb_per_s * arch.dram.channels, facts.levels.back().gb_per_s);
  for (const PeakFact& peak : facts.peaks) {
    if (peak.dtype != to_string(arch.execution.default_dtype)) continue;
    EXPECT_NEAR(facts.ridge_flop_per_byte, peak.tflops * 1e12 / arch.dram.peak_bytes_per_s(), 1e-9);
  }
}

TEST(MachineFacts, WarnOfWhatIsNarrowerThanTheMemoryBehindIt) {
  ArchSpec arch = small_machine();
  arch.network.port_bytes_per_cycle = 1;
  const std::vector<std::string> warnings = machine_facts(arch).warnings;
  ASSERT_FALSE(warnings.empty());
  EXPECT_NE(warnings.front().find("network, at the cores"), std::string::npos) << warnings.front();
  arch = small_machine();
  arch.cores.dma = {1, 64};
  arch.dram.controller_latency_ns = 1000;
  const std::vector<std::string> few = machine_facts(arch).warnings;
  ASSERT_FALSE(few.empty());
  EXPECT_NE(few.back().find("in flight"), std::string::npos) << few.back();
}

}  // namespace
}  // namespace orrery::test
