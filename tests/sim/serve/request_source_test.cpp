#include "sim/serve/request_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tests/support/command.h"

namespace orrery::test {
namespace {

struct Gaps {
  double mean = 0, cv = 0;
};
Gaps gaps_of(LoadSpec load) {
  load.requests = 20000;
  const auto source = open_source(load);
  std::vector<double> gaps;
  double last = 0;
  for (Request r; source->next(r); last = r.arrival_s) gaps.push_back(r.arrival_s - last);
  Gaps g;
  for (const double x : gaps) g.mean += x / static_cast<double>(gaps.size());
  double variance = 0;
  for (const double x : gaps) variance += (x - g.mean) * (x - g.mean) / static_cast<double>(gaps.size());
  g.cv = std::sqrt(variance) / g.mean;
  return g;
}

TEST(RequestSource, ArrivalsHaveTheAskedRateAndSpread) {
  LoadSpec load;
  load.rate = 4;
  EXPECT_NEAR(gaps_of(load).mean, 0.25, 0.005);
  EXPECT_NEAR(gaps_of(load).cv, 1, 0.03);
  load.arrivals = ArrivalProcess::fixed;
  EXPECT_NEAR(gaps_of(load).cv, 0, 0.01);
  load.arrivals = ArrivalProcess::gamma;
  for (const double cv : {0.5, 2.0}) {
    load.cv = cv;
    EXPECT_NEAR(gaps_of(load).mean, 0.25, 0.01);
    EXPECT_NEAR(gaps_of(load).cv, cv, 0.06 * cv);
  }
}

TEST(RequestSource, AShuffledTraceIsTheSameRequestsInAnotherOrderBySeed) {
  std::string text = "input_tokens,output_tokens\n";
  for (int i = 1; i <= 100; ++i) text += std::to_string(i) + "," + std::to_string(2 * i) + "\n";
  LoadSpec load;
  load.trace = temporary_file("sorted.csv", text);
  load.offline = true;
  load.shuffled = true;
  const auto inputs = [](const LoadSpec& spec) {
    std::vector<std::uint32_t> all;
    const auto source = open_source(spec);
    for (Request r; source->next(r);) {
      EXPECT_EQ(r.output, 2 * r.input);
      all.push_back(r.input);
    }
    return all;
  };
  std::vector<std::uint32_t> once = inputs(load);
  EXPECT_EQ(once, inputs(load));
  EXPECT_FALSE(std::is_sorted(once.begin(), once.end()));
  load.seed = 2;
  EXPECT_NE(once, inputs(load));
  std::sort(once.begin(), once.end());
  ASSERT_EQ(once.size(), 100U);
  for (std::uint32_t i = 0; i < 100; ++i) EXPECT_EQ(once[i], i + 1);
}

TEST(RequestSource, LengthsLieInTheirRange) {
  LoadSpec load;
  load.offline = true;
  load.requests = 5000;
  load.input = LengthRange{10, 20};
  load.output = LengthRange{7, 7};
  const auto source = open_source(load);
  double sum = 0;
  for (Request r; source->next(r);) {
    EXPECT_GE(r.input, 10U);
    EXPECT_LE(r.input, 20U);
    EXPECT_EQ(r.output, 7U);
    sum += r.input;
  }
  EXPECT_NEAR(sum / 5000, 15, 0.2);
}

TEST(RequestSource, DistinctPromptsComeInTurnAndSharedOnesBeginAlike) {
  LoadSpec load;
  load.offline = true;
  load.requests = 6;
  load.distinct_prompts = 3;
  const auto turn = open_source(load);
  std::vector<std::uint64_t> ids;
  for (Request r; turn->next(r);) ids.push_back(r.content.at(0));
  EXPECT_EQ(ids[0], ids[3]);
  EXPECT_NE(ids[0], ids[1]);
  load.distinct_prompts = 0;
  load.shared_prefix = 400;
  const auto shared = open_source(load);
  Request a;
  Request b;
  ASSERT_TRUE(shared->next(a) && shared->next(b));
  EXPECT_EQ(a.content[0], b.content[0]);
  EXPECT_NE(a.content[1], b.content[1]);
  EXPECT_GE(a.content.size() * a.content_tokens, a.input);
}

}  // namespace
}  // namespace orrery::test
