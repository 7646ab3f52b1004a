#include "sim/study/published_systems.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "sim/config/arch_loader.h"
#include "tests/support/command.h"

namespace orrery::test {
namespace {

TEST(PublishedSystems, TheSurveysTwentyFourAreThere) {
  std::set<std::string> survey;
  for (const PublishedSystem& system : published_systems()) {
    if (system.survey) {
      EXPECT_TRUE(survey.insert(system.name).second) << system.name;
    }
    for (const PublishedFigure& figure : system.figures) {
      EXPECT_NO_THROW(load_arch_named(figure.run.arch)) << system.name;
    }
  }
  EXPECT_EQ(survey.size(), 24U);
}

PublishedFigure figure(double published) {
  PublishedFigure f;
  f.quantity = "latency";
  f.published = published;
  f.unit = "ms";
  f.scale = 1000;
  f.run.arch = "asic/edge-npu";
  f.run.model = "gpt2";
  f.run.scenario = {{"input", 8}, {"output", 1}, {"layers", 1}};
  return f;
}

std::vector<SystemRow> rows_of(const std::vector<PublishedFigure>& figures) {
  PublishedSystem system;
  system.name = "S";
  system.figures = figures;
  PublishedSystem bare;
  bare.name = "T";
  bare.reason = "no block for it";
  Session session({}, false);
  return simulated_systems({system, bare}, session, 2);
}

TEST(PublishedSystems, VerdictsFollowErrorsAndReasons) {
  const double ms = *rows_of({figure(1)}).front().simulated;
  EXPECT_GT(ms, 0);
  PublishedFigure impossible = figure(ms / 2);
  impossible.reason = "printed in another unit";
  PublishedFigure fails = figure(1);
  fails.run.model = "no-such-model";
  PublishedFigure twice = figure(1);  // a ratio: of two layers to one
  twice.scale = 1;
  twice.against = twice.run;
  twice.against->scenario["layers"] = 2;
  twice.target = 0.3;
  const std::vector<SystemRow> rows = rows_of({figure(ms * 1.1), figure(ms * 2), impossible, fails, twice});
  ASSERT_EQ(rows.size(), 6U);
  std::vector<SystemVerdict> verdicts;
  for (const SystemRow& row : rows) verdicts.push_back(row.verdict);
  using V = SystemVerdict;
  EXPECT_EQ(verdicts,
            (std::vector<V>{V::off, V::off, V::missing, V::explained, V::reproduced, V::reproduced}));
  EXPECT_NE(rows[0].reason.find("no-such-model"), std::string::npos);
  EXPECT_NEAR(*rows[1].error, -0.5, 1e-9);
  EXPECT_EQ(rows[2].reason, "no block for it");
  EXPECT_NEAR(*rows[3].error, 1, 1e-9);
  EXPECT_GT(*rows[4].simulated, 1.1);
  EXPECT_LT(*rows[4].simulated, 2);
}

// A misprint of the survey is a reason; a rate is an amount over the metric.
TEST(PublishedSystems, MisprintsAndRates) {
  PublishedSystem misprinted;
  misprinted.name = "M";
  misprinted.cannot_hold = "its own paper has another figure";
  PublishedFigure rate = figure(1);
  rate.amount = 3;
  PublishedSystem rated;
  rated.name = "R";
  rated.figures = {figure(1), rate};
  Session session({}, false);
  const std::vector<SystemRow> rows = simulated_systems({misprinted, rated}, session, 1);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[2].verdict, SystemVerdict::explained);
  EXPECT_EQ(rows[2].reason, misprinted.cannot_hold);
  EXPECT_NEAR(*rows[0].simulated * *rows[1].simulated, 3e6, 1);
}

// X-Former (TVLSI 2023): 512 tokens of an encoder of BERT-base through 1,728 crossbars of 128 x 128 cells of
// two bits, with an ADC of 1.28 GS/s each. Every 128 products of a bit of an input and a cell are one
// conversion.
constexpr double kEncoderMacs = 512.0 * 7'077'888;  // of its weights
constexpr double kEncoderConversions = kEncoderMacs / 128 * 8 * 4;

TEST(PublishedBounds, XFormersConverters) {
  const double encoder_s = kEncoderConversions / (1728 * 1.28e9);
  EXPECT_GT(12 * encoder_s, 4.9e-3);  // 0.98 ms is printed
  EXPECT_GT(12 * encoder_s / 0.98e-3, 5);
}

TEST(PublishedBounds, XFormersEnergy) {
  const double attention_macs = 2.0 * 512 * 512 * 768;
  const double tops_per_w = 2 * (kEncoderMacs + attention_macs) / 15.2e-6 * 1e-12;
  EXPECT_GT(tops_per_w / 6.72, 70);                 // what the same paper prints
  EXPECT_GT(kEncoderConversions * 1.56e-12, 1e-3);  // its converters alone (2 mW at 1.28 GS/s)
}

// Within a range there is no error; outside it is that to the nearer end.
TEST(PublishedSystems, Ranges) {
  const double ms = *rows_of({figure(1)}).front().simulated;
  const auto error = [&](double from, double to) {
    PublishedFigure range = figure(from * ms);
    range.published_to = to * ms;
    const std::vector<SystemRow> rows = rows_of({range});
    for (const SystemRow& row : rows) {
      if (row.error) return *row.error;
    }
    return 99.0;
  };
  EXPECT_NEAR(error(0.5, 2), 0, 1e-12);
  EXPECT_NEAR(error(0.25, 0.5), 1, 1e-9);
  EXPECT_NEAR(error(2, 4), -0.5, 1e-9);
}

}  // namespace
}  // namespace orrery::test
