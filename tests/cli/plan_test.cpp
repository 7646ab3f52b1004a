// orrery plan, from the command line.

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/support/command.h"

namespace orrery::test {
namespace {

const char* const kSmallPlan =
    "plan --model llama-3-8b --input 512 --output 64 --ttft 1 --tpot 50ms --finalists 1 --tp 1 --apart off ";

nlohmann::json planned(const std::string& options) {
  const CommandResult r = orrery_command(kSmallPlan + options + " --format json");
  EXPECT_EQ(r.exit_code, 0) << options << r.err;
  return nlohmann::json::parse(r.out);
}

TEST(Plan, BuysWholeServersAndASpareForAll) {
  const nlohmann::json o = planned("--requests-per-s 400 --arch gpu/h100-sxm").at(0);
  EXPECT_TRUE(o.at("meets_targets"));
  const double capacity = o.at("capacity_requests_per_s");
  EXPECT_EQ(o.at("replicas"), std::ceil(400 / capacity));
  EXPECT_EQ(o.at("chips"), o.at("replicas"));
  EXPECT_EQ(o.at("servers"), std::ceil(o.at("chips").get<double>() / 8));
  EXPECT_EQ(o.at("spare_servers"), 1);
  // 28,000 USD a chip and 60,000 a server, and 12 % of it for the network.
  const double servers = o.at("servers").get<double>() + 1;
  const double hardware = servers * (8 * 28000 + 60000);
  EXPECT_NEAR(o.at("capex_usd").get<double>(), 1.12 * hardware, 0.001 * hardware);
  EXPECT_NEAR(o.at("nameplate_kw").get<double>(), servers * (8 * 0.7 + 2.15), 1e-6);
  EXPECT_LT(o.at("average_kw"), o.at("peak_kw"));
  EXPECT_LE(o.at("ttft_s"), 1);
  const nlohmann::json& usd = o.at("usd_per_m_output_tokens");
  EXPECT_LT(usd.at("p10"), usd.at("typical"));
  EXPECT_LT(usd.at("typical"), usd.at("p90"));
}

TEST(Plan, UsersWhoThinkAskForLess) {
  const nlohmann::json all = planned("--users 300 --arch gpu/h100-sxm").at(0);
  const nlohmann::json thinking = planned("--users 300 --think 10 --arch gpu/h100-sxm").at(0);
  EXPECT_LT(thinking.at("requests_per_s").get<double>(), 30);
  EXPECT_NEAR(thinking.at("requests_per_s").get<double>(), 300 / (10 + 0.6), 1.5);
  EXPECT_GT(all.at("requests_per_s").get<double>(), 3 * thinking.at("requests_per_s").get<double>());
}

TEST(Plan, CheapestFirstAndTheFrontIsMarked) {
  const nlohmann::json options = planned("--requests-per-s 100 --arch gpu/a100-sxm-80gb --arch gpu/h100-sxm");
  ASSERT_EQ(options.size(), 2U);
  EXPECT_LE(options[0].at("usd_per_m_output_tokens").at("typical"),
            options[1].at("usd_per_m_output_tokens").at("typical"));
  for (const nlohmann::json& o : options) {
    if (o.at("arch") == "gpu/h100-sxm") {
      EXPECT_TRUE(o.at("front"));
    }
  }
  EXPECT_TRUE(options[0].at("front_per_usd"));  // nobody gives a cheaper token
}

TEST(Plan, GrowthBuysServersYearByYear) {
  const nlohmann::json o = planned("--requests-per-s 500 --growth 1 --years 3 --arch gpu/h100-sxm").at(0);
  const nlohmann::json& years = o.at("purchases");
  ASSERT_EQ(years.size(), 3U);
  EXPECT_NEAR(years[2].at("requests_per_s").get<double>(), 2000, 1e-6);
  EXPECT_EQ(years[0].at("servers").get<int>() + years[1].at("servers_bought").get<int>() +
                years[2].at("servers_bought").get<int>(),
            years[2].at("servers").get<int>());
  EXPECT_GT(years[2].at("servers_bought").get<int>(), 0);
}

TEST(Plan, SaysWhatNothingMeetsByHowMuchAndWhatWould) {
  const CommandResult r = orrery_command(
      "plan --model llama-3-8b --input 512 --output 64 --ttft 1ms --arch gpu/h100-sxm --requests-per-s 1");
  EXPECT_EQ(r.exit_code, 0);
  EXPECT_NE(r.out.find("no machine keeps the targets"), std::string::npos) << r.out;
  EXPECT_NE(r.out.find("times the target of 0.001 s"), std::string::npos) << r.out;
  EXPECT_NE(r.out.find("would be in reach"), std::string::npos) << r.out;
  const CommandResult large = orrery_command(
      "plan --model llama-3.1-405b --arch gpu/l4 --requests-per-s 1 --runtime vllm-0.19 --ttft 1");
  EXPECT_NE(large.out.find("does not fit"), std::string::npos) << large.out;
}

TEST(Plan, RefusesADemandThatIsNone) {
  EXPECT_EQ(orrery_command(std::string(kSmallPlan) + "--arch gpu/h100-sxm").exit_code, 2);
  EXPECT_EQ(orrery_command(std::string(kSmallPlan) + "--arch gpu/h100-sxm --users 0").exit_code, 2);
  EXPECT_EQ(
      orrery_command(std::string(kSmallPlan) + "--arch gpu/h100-sxm --users 5 --requests-per-s 1").exit_code,
      2);
  EXPECT_EQ(orrery_command(std::string(kSmallPlan) + "--arch gpu/nothing --users 5").exit_code, 2);
}

// The site and what an API asks for the same.
TEST(Plan, OfASiteAndAgainstAnApi) {
  const std::string demand = "--requests-per-s 100 --arch gpu/h100-sxm --max-sequences 128 --api-price 2 ";
  const nlohmann::json here = planned(demand).at(0);
  EXPECT_EQ(here.at("max_sequences"), 128);
  const nlohmann::json clean =
      planned(demand + "--api-input-price 1 --grid 20 --electricity 0.5 --pue 1.1").at(0);
  EXPECT_LT(clean.at("gco2_per_m_output_tokens").get<double>(),
            0.5 * here.at("gco2_per_m_output_tokens").get<double>());
  EXPECT_GT(clean.at("opex_usd_per_year").get<double>(), here.at("opex_usd_per_year").get<double>());
  EXPECT_LT(clean.at("break_even_api_months").get<double>(), here.at("break_even_api_months").get<double>());
  for (const auto& [options, word] :
       {std::pair("--dp 1.5", "no number of chips"), std::pair("--api-input-price 1", "--api-price")}) {
    const CommandResult r =
        orrery_command(std::string(kSmallPlan) + "--users 5 --arch gpu/h100-sxm " + options);
    EXPECT_EQ(r.exit_code, 2);
    EXPECT_NE(r.err.find(word), std::string::npos) << r.err;
  }
}

// Prompts on replicas of their own are taken where they are cheaper; those that go together are counted.
TEST(Plan, PromptsApartAreAnOption) {
  const std::string demand = "--requests-per-s 300 --arch gpu/h100-sxm ";
  const nlohmann::json together = planned(demand).at(0);
  std::string apart = kSmallPlan;
  apart.replace(apart.find("--apart off"), 11, "--apart on");
  const CommandResult r = orrery_command(apart + demand + "--format json");
  ASSERT_EQ(r.exit_code, 0) << r.err;
  const nlohmann::json either = nlohmann::json::parse(r.out).at(0);
  EXPECT_EQ(together.at("prefill_replicas"), 0);
  EXPECT_LE(either.at("usd_per_m_output_tokens").at("typical").get<double>(),
            together.at("usd_per_m_output_tokens").at("typical").get<double>());
  EXPECT_EQ(either.at("chips"), either.at("replicas").get<int>() * (either.at("prefill_replicas").get<int>() +
                                                                    either.at("decode_replicas").get<int>()));
}

}  // namespace
}  // namespace orrery::test
