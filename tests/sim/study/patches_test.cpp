#include "sim/study/patches.h"

#include <gtest/gtest.h>

#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

TEST(Patches, AValueIsWhatYamlMakesOfIt) {
  EXPECT_EQ(parse_patch("arch.dram.channels=96").value, 96);
  EXPECT_EQ(parse_patch("arch.name=a=b").value, "a=b");
  EXPECT_EQ(parse_patch("x.list=[1, two]").value, (nlohmann::json{1, "two"}));
  EXPECT_EQ(parse_patch("x.on=true").value, true);
}

TEST(Patches, ANumberMayHaveAUnitWhereTheKeySaysOne) {
  EXPECT_EQ(parse_patch("arch.shared_buffer.size_mib=64MiB").value, 64);
  EXPECT_EQ(parse_patch("a.size_kib=64MiB").value, 65536);
  EXPECT_EQ(parse_patch("a.latency_ns=0.5us").value, 500);
  EXPECT_EQ(parse_patch("a.clock_ghz=1410MHz").value.get<double>(), 1.41);
  EXPECT_EQ(parse_patch("a.bandwidth_gb_per_s=3.35 TB/s").value, 3350);
  EXPECT_EQ(parse_patch("a.tdp_w=0.7kW").value, 700);
  EXPECT_NEAR(parse_patch("a.capacity_gib=1GB").value.get<double>(), 0.931322574615, 1e-9);
  EXPECT_NE(config_error([] { parse_patch("a.clock_ghz=5ms"); }).find("ms is no unit of a key in ghz"),
            std::string::npos);
  EXPECT_NE(config_error([] { parse_patch("a.channels=5GB"); }).find("says no unit"), std::string::npos);
}

TEST(Patches, WhatIsNoneIsNamed) {
  EXPECT_NE(config_error([] { parse_patch("foo"); }).find("unexpected argument 'foo'"), std::string::npos);
  EXPECT_NE(config_error([] { parse_patch("=3"); }).find("unexpected argument '=3'"), std::string::npos);
}

}  // namespace
}  // namespace orrery::test
