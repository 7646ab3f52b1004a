#include "sim/util/nearest_name.h"

#include <gtest/gtest.h>

namespace orrery::test {
namespace {

const std::vector<std::string> kNames = {"gpu/b200", "gpu/h100-pcie", "gpu/h100-sxm", "asic/mesh-npu",
                                         "none"};

TEST(NearestName, WhatGoesOnWhereTheNameStopsComesFirst) {
  EXPECT_EQ(did_you_mean("gpu/h100", kNames), " (did you mean 'gpu/h100-pcie' or 'gpu/h100-sxm'?)");
  EXPECT_EQ(did_you_mean("h100", kNames), " (did you mean 'gpu/h100-pcie' or 'gpu/h100-sxm'?)");
  EXPECT_EQ(did_you_mean("sxm", kNames), " (did you mean 'gpu/h100-sxm'?)");  // a part of it
}

TEST(NearestName, ThenWhatIsSpeltAlike) {
  EXPECT_EQ(did_you_mean("mesh-nup", kNames), " (did you mean 'asic/mesh-npu'?)");
  EXPECT_EQ(did_you_mean("gpu/h100_sxm", kNames), " (did you mean 'gpu/h100-sxm'?)");
  EXPECT_EQ(did_you_mean("zebra-crossing", kNames), "");
  EXPECT_EQ(did_you_mean("", kNames), "");
}

}  // namespace
}  // namespace orrery::test
