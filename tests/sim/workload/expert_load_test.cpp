// Which experts tokens take, and what the busiest device is left with.

#include "sim/workload/expert_load.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <numeric>

#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

double sum(const std::vector<double>& of) {
  return std::accumulate(of.begin(), of.end(), 0.0);
}

TEST(ExpertLoad, ATokenTakesAsManyAsItTakesAndNoneTwice) {
  for (const char* name : {"uniform", "zipf:0.5", "zipf:3", "power:1.5", "power:4"}) {
    const std::vector<double> p = expert_load_named(name).probabilities(64, 6);
    EXPECT_NEAR(sum(p), 6, 1e-9) << name;
    for (const double each : p) {
      EXPECT_GE(each, 0) << name;
      EXPECT_LE(each, 1) << name;
    }
  }
}

TEST(ExpertLoad, LawsFallAsTheirExponentsSay) {
  std::vector<double> zipf = expert_load_named("zipf:1").probabilities(64, 1);
  std::sort(zipf.rbegin(), zipf.rend());
  EXPECT_NEAR(zipf[0] / zipf[7], 8, 1e-9);
  std::vector<double> power = expert_load_named("power:3").probabilities(64, 1);
  std::sort(power.rbegin(), power.rend());
  EXPECT_NEAR(power[0] / power[4], std::sqrt(9), 1e-9);  // quantiles of 0.5 and 4.5
}

TEST(ExpertLoad, TheBusiestDeviceHasWhatItsExpertsAreGiven) {
  // Two devices of two experts; all tokens take the first, every other one the last.
  const ExpertShare share = busiest_share({1, 0.25, 0.25, 0.5}, 8, 2);
  EXPECT_NEAR(share.rows, 10, 1e-9);
  EXPECT_NEAR(share.active, 1 + 1 - std::pow(0.75, 8), 1e-9);
  EXPECT_NEAR(share.received, 8, 1e-9);
}

TEST(ExpertLoad, CountsAreReadFromAFile) {
  const std::string path = ::testing::TempDir() + "/expert_counts.txt";
  std::ofstream(path) << "10, 20\n30 40";
  const ExpertLoad load = expert_load_named(path);
  const std::vector<double> p = load.probabilities(4, 1);
  EXPECT_NEAR(p[3], 0.4, 1e-12);
  EXPECT_NE(config_error([&] { (void)load.probabilities(8, 1); }).find("counts 4 experts"),
            std::string::npos);
  std::ofstream(path) << "10, -1";
  EXPECT_NE(config_error([&] { (void)expert_load_named(path); }).find("'-1'"), std::string::npos);
  std::ofstream(path) << "0 0 nan";
  EXPECT_NE(config_error([&] { (void)expert_load_named(path); }).find("'nan'"), std::string::npos);
}

TEST(ExpertLoad, WhatIsNoLawIsRefused) {
  for (const char* name : {"zipf", "zipf:", "zipf:-1", "power:1", "power:nan", "even", ""})
    EXPECT_NE(config_error([name] { (void)expert_load_named(name); }).find("--expert-load"),
              std::string::npos)
        << name;
}

}  // namespace
}  // namespace orrery::test
