#include "sim/serve/sizes_elsewhere.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "sim/util/errors.h"

namespace orrery {
namespace {

class FakeSizes : public StepSizes {
 public:
  std::size_t stages() const override { return 2; }
  bool has(std::size_t stage, StepPart part) override { return stage == 1 && part == StepPart::scored; }
  StepCost simulated(const StepSize& size) override {
    if (size.count == 13) throw ConfigError("", "thirteen does not fit");
    if (size.count == 14) throw SimulationError("machine", "fourteen deadlocks");
    StepCost cost;
    cost.seconds = static_cast<double>(size.count + 10 * size.each + 100 * size.context);
    cost.kernels = size.stage;
    cost.split.add(TimeCategory::dram, 2);
    return cost;
  }
};

void serve_fakes(const SizesElsewhere::Answer& answer) {
  FakeSizes sizes;
  answer(sizes);
}

TEST(SizesElsewhere, AnswersAsTheSizesThere) {
  SizesElsewhere sizes(serve_fakes);
  EXPECT_EQ(sizes.stages(), 2U);
  EXPECT_TRUE(sizes.has(1, StepPart::scored));
  EXPECT_FALSE(sizes.has(0, StepPart::scored));
  const StepCost cost = sizes.simulated({StepPart::decoding, 1, 3, 2, 1});
  EXPECT_EQ(cost.seconds, 123);
  EXPECT_EQ(cost.kernels, 1);
  EXPECT_EQ(cost.split.total(), 2);
}

TEST(SizesElsewhere, ErrorsComeBackAndTheNextIsAnswered) {
  SizesElsewhere sizes(serve_fakes);
  try {
    sizes.simulated({StepPart::tokens, 0, 13, 0, 0});
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("thirteen"), std::string::npos);
  }
  EXPECT_THROW(sizes.simulated({StepPart::tokens, 0, 14, 0, 0}), SimulationError);
  EXPECT_EQ(sizes.simulated({StepPart::tokens, 0, 15, 0, 0}).seconds, 15);
}

// A child that is gone is an error, and takes nobody along.
TEST(SizesElsewhere, AChildThatEndedIsSaid) {
  class Ends : public FakeSizes {
    StepCost simulated(const StepSize&) override { ::_exit(1); }
  };
  SizesElsewhere sizes([](const SizesElsewhere::Answer& answer) {
    Ends ends;
    answer(ends);
  });
  EXPECT_THROW(sizes.simulated({}), SimulationError);
  EXPECT_THROW(sizes.simulated({}), SimulationError);
}

TEST(SizesElsewhere, WhatCannotBeginSaysWhy) {
  try {
    SizesElsewhere sizes([](const SizesElsewhere::Answer&) { throw ConfigError("", "no such machine"); });
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("no such machine"), std::string::npos);
  }
}

}  // namespace
}  // namespace orrery
