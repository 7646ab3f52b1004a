// Collectives beside operators that do not wait for them, and row-wise operators behind the products whose
// rows they take, where a machine says that it can.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/command.h"

namespace orrery::test {
namespace {

struct Times {
  double latency, link;
};

Times of(const std::string& options, bool overlaps) {
  const CommandResult r =
      orrery_command("run --arch gpu/h100-sxm --output 1 --format json --layers 4 " + options +
                     " arch.execution.overlaps_collectives=" + (overlaps ? "true" : "false"));
  EXPECT_EQ(r.exit_code, 0) << r.err;
  const auto j = nlohmann::json::parse(r.out);
  double sum = 0;
  for (const auto& [name, seconds] : j.at("time_s").items()) sum += seconds.get<double>();
  EXPECT_NEAR(sum, j.at("latency_s").get<double>(), 1e-9);
  return {j.at("latency_s"), j.at("time_s").at("link")};
}

// Keys and values for the next piece come while the last is attended to.
TEST(Overlap, RingAttentionHidesItsShifts) {
  const std::string options = "--model llama-3-8b --cp 8 --tp 1 --input 8192";
  const Times apart = of(options, false);
  const Times beside = of(options, true);
  EXPECT_LT(beside.link, 0.35 * apart.link);
  EXPECT_NEAR(apart.latency - beside.latency, apart.link - beside.link, 1e-9);
}

// Sums of a tensor-parallel layer are waited for.
TEST(Overlap, NothingHidesWhatIsWaitedFor) {
  const std::string options = "--model llama-3-8b --tp 8 --input 2048";
  EXPECT_DOUBLE_EQ(of(options, true).latency, of(options, false).latency);
}

// Shared experts run while rows travel.
TEST(Overlap, SharedExpertsHidePartOfTheDispatch) {
  const std::string options = "--model deepseek-v3 --dp 8 --ep 8 --batch 64 --input 128";
  const Times apart = of(options, false);
  const Times beside = of(options, true);
  EXPECT_LT(beside.link, apart.link);
  EXPECT_GT(beside.link, 0);
}

nlohmann::json with_rows(int rows, const std::string& more = "") {
  const CommandResult r = orrery_command(
      "run --arch fpga/z7100-npe --model bert-base --input 64 --output 1 --format json "
      "arch.execution.rows_behind_products=" +
      std::to_string(rows) + more);
  EXPECT_EQ(r.exit_code, 0) << r.err;
  auto j = nlohmann::json::parse(r.out);
  double sum = 0;
  for (const auto& [name, seconds] : j.at("time_s").items()) sum += seconds.get<double>();
  EXPECT_NEAR(sum, j.at("latency_s").get<double>(), 1e-9);
  return j;
}

// Row by row nearly all of norms, softmax and activations lie beside products; in blocks of half the rows at
// most half of them; energy is that of the same work in less time.
TEST(Overlap, RowsFollowTheirProducts) {
  const auto seconds = [](const nlohmann::json& j) { return j.at("latency_s").get<double>(); };
  const nlohmann::json apart = with_rows(0);
  const nlohmann::json by_row = with_rows(1);
  const nlohmann::json in_halves = with_rows(32);
  EXPECT_LT(seconds(by_row), 0.85 * seconds(apart));
  EXPECT_GT(seconds(in_halves), seconds(by_row));
  EXPECT_LT(seconds(in_halves), seconds(apart));
  EXPECT_EQ(by_row.at("counts"), apart.at("counts"));
  EXPECT_DOUBLE_EQ(by_row.at("energy_j").at("compute").get<double>(),
                   apart.at("energy_j").at("compute").get<double>());
  // Products take what they take.
  double products = 0;
  for (const auto& kind : apart.at("operators")) {
    if (kind.at("op") == "matmul") products = kind.at("time_s").get<double>();
  }
  EXPECT_GT(products, 0);
  EXPECT_GT(seconds(by_row), 0.999 * products);
}

TEST(Overlap, NoRowIsBehindMoreThanTheBound) {
  const double bound = with_rows(1, " --fidelity roofline").at("latency_s");
  EXPECT_LT(bound, with_rows(1).at("latency_s").get<double>());
}

}  // namespace
}  // namespace orrery::test
