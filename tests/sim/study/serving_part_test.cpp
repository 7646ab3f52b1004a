#include "sim/study/serving_part.h"

#include <gtest/gtest.h>

#include "sim/util/errors.h"

namespace orrery {
namespace {

ServeRequest request_of(const ServingPart& part) {
  return serve_request_of(part, LlmSpec(), 100, 10);
}

std::string refusal_of(const ServingPart& part) {
  try {
    request_of(part);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(ServingPart, WithoutArrivalsTheHighestRateIsAsked) {
  const ServeRequest request = request_of({});
  EXPECT_TRUE(request.find_rate);
  EXPECT_EQ(request.load.requests, 0U);  // as many as reach a steady state
  EXPECT_EQ(request.load.input->low, 100U);
  EXPECT_EQ(request.load.output->high, 10U);
  ServingPart part;
  part.rate = 3;
  EXPECT_FALSE(request_of(part).find_rate);
  EXPECT_EQ(request_of(part).load.rate, 3);
  EXPECT_GT(request_of(part).load.requests, 0U);
}

TEST(ServingPart, LoadsAreOfOneKind) {
  ServingPart part;
  part.offline = 50;
  EXPECT_TRUE(request_of(part).load.offline);
  EXPECT_EQ(request_of(part).load.requests, 50U);
  part.concurrency = 8;
  EXPECT_NE(refusal_of(part).find("one of"), std::string::npos);
  part.offline = 0;
  EXPECT_EQ(request_of(part).load.requests, 80U);
  part.think_s = 1;
  EXPECT_EQ(request_of(part).load.think_s, 1);
  part.concurrency = 0;
  EXPECT_NE(refusal_of(part).find("think_s"), std::string::npos);
  part.think_s = 0;
  part.shuffle = true;
  EXPECT_NE(refusal_of(part).find("shuffle"), std::string::npos);
}

TEST(ServingPart, LengthsAreTheTracesWhereThereIsOne) {
  ServingPart part;
  part.trace = "requests.csv";
  EXPECT_FALSE(request_of(part).load.input.has_value());
  EXPECT_FALSE(request_of(part).find_rate);
  part.output = 7;
  EXPECT_EQ(request_of(part).load.output->low, 7U);
}

TEST(ServingPart, AHandoverNeedsWhoHandsOver) {
  ServingPart part;
  part.kv_link_gb_per_s = 50;
  EXPECT_NE(refusal_of(part).find("prefill_replicas"), std::string::npos);
  part.prefill_replicas = 2;
  EXPECT_EQ(request_of(part).prefilling->replicas, 2U);
  EXPECT_EQ(request_of(part).prefilling->link_bytes_per_s, 50e9);
}

TEST(ServingPart, GuessesAreKeptByPowersOrOneByOne) {
  const Guessing powers = guessing_of(3, {0.5}, "ngram", LlmSpec());
  EXPECT_EQ(powers.how.acceptance, (std::vector<double>{0.5, 0.25, 0.125}));
  EXPECT_FALSE(powers.draft.has_value());
  EXPECT_THROW(guessing_of(3, {0.5, 0.4}, "ngram", LlmSpec()), ConfigError);
  EXPECT_THROW(guessing_of(2, {0.5, 0.6}, "ngram", LlmSpec()), ConfigError);
  EXPECT_THROW(guessing_of(2, {}, "ngram", LlmSpec()), ConfigError);
}

}  // namespace
}  // namespace orrery
