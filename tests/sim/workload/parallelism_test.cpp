// Degrees from what is asked for.

#include "sim/workload/parallelism.h"

#include <gtest/gtest.h>

#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

using Degree = std::optional<std::uint32_t>;

Parallelism of(Degree devices, Degree tp, Degree pp, Degree ep = {}, Degree dp = {}, Degree cp = {}) {
  AskedDegrees asked;
  asked.devices = devices;
  asked.tensor = tp;
  asked.pipeline = pp;
  asked.expert = ep;
  asked.data = dp;
  asked.context = cp;
  return divided(asked, 4);
}

TEST(Parallelism, DevicesWithoutADegreeShareEachLayer) {
  EXPECT_EQ(of({}, {}, {}).tensor, 4U);  // the machine's
  EXPECT_EQ(of(8, {}, {}).tensor, 8U);
  EXPECT_EQ(of(8, {}, 2).tensor, 4U);
  EXPECT_EQ(of(8, {}, {}, {}, 8).tensor, 1U);
}

TEST(Parallelism, WhatATensorParallelDegreeLeavesArePipelineStages) {
  const Parallelism p = of(2, 1, {});
  EXPECT_EQ(p.pipeline, 2U);
  EXPECT_EQ(p.devices(), 2U);
  EXPECT_EQ(of(16, 2, {}, {}, 2).pipeline, 4U);
}

TEST(Parallelism, DegreesAloneSayHowManyDevicesThereAre) {
  const Parallelism p = of({}, 2, 3, {}, 5, 7);
  EXPECT_EQ(p.devices(), 210U);
  EXPECT_EQ(p.data_group().stride, 14U);
  EXPECT_EQ(p.context_group().stride, 2U);
  EXPECT_EQ(p.next_stage().stride, 70U);
}

TEST(Parallelism, WhatContradictsIsRefusedWithWhatToChange) {
  EXPECT_NE(config_error([] { of(8, 2, 3); }).find("--tp 2 x --pp 3 take 6 devices, --devices is 8"),
            std::string::npos);
  EXPECT_NE(config_error([] { of(8, 3, {}); }).find("--devices is 8"), std::string::npos);
  EXPECT_NE(config_error([] { of(8, {}, 3); }).find("--pp 3"), std::string::npos);
  EXPECT_NE(config_error([] { of({}, 65536, 2); }).find("at most"), std::string::npos);
}

TEST(Parallelism, ExpertsAreSharedByAGroupOrByWholeReplicas) {
  EXPECT_EQ(of(8, 8, {}, 4).expert_tensor(), 2U);
  EXPECT_FALSE(of(8, 8, {}, 8).experts_across_replicas());
  EXPECT_EQ(of({}, 2, {}, 8, 4).expert_replicas(), 4U);
  for (const auto& [tp, ep, dp] : {std::tuple(8, 3, 1), std::tuple(2, 3, 8), std::tuple(2, 8, 2)}) {
    EXPECT_NE(config_error([tp = tp, ep = ep, dp = dp] { of({}, tp, {}, ep, dp); }).find("--ep"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace orrery::test
