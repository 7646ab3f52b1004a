// Results go out as JSON and come back as what they were.

#include "sim/report/result_fields.h"

#include <gtest/gtest.h>

#include "sim/describe/check.h"

namespace orrery::test {
namespace {

using nlohmann::json;

RunResult result() {
  RunResult r;
  r.arch = "gpu/x";
  r.model = "m";
  r.dtype = "fp16";
  r.fidelity = "tile";
  r.batch = 3;
  r.input = 10;
  r.output = 5;
  r.ttft_s = 0.1;
  r.latency_s = 1.0 / 3;
  r.tokens_per_s = 45;
  r.energy.dram = Joules(1.25);
  r.time.parts[2] = 0.2;
  r.counts.macs[3] = 7;
  r.counts.dram_read_bytes = 11;
  r.counts.levels[2].fill_bytes = 13;
  r.operators.push_back({"matmul", 0.2, Joules(0.5)});
  r.memory.parameters = 99;
  r.expected.basis = "nothing";
  r.price.unit_cost = 12;
  r.bound = TimeCategory::dram;
  return r;
}

TEST(ResultFields, ComeBackAsTheyWere) {
  json out = written(result());
  EXPECT_TRUE(check(table_of<RunResult>(), out).empty());
  EXPECT_EQ(out["energy_j"]["total"], 1.25);
  EXPECT_EQ(out["counts"]["macs"], 7);
  EXPECT_EQ(out["counts"]["outer_fill_bytes"], 13);
  EXPECT_TRUE(out["tpot_s"].is_null());  // not defined
  EXPECT_TRUE(out["price_usd"]["chip"].is_null());
  EXPECT_EQ(out["input_tokens_per_s"], 300);
  json again = written(read_as<RunResult>(out));
  for (json* one : {&out, &again}) one->erase("run_info");
  EXPECT_EQ(again, out);
}

TEST(ResultFields, EnergyNobodyPricedIsNull) {
  RunResult r = result();
  r.energy.not_modelled.add(EnergyPart::link);
  const json out = written(r);
  EXPECT_TRUE(check(table_of<RunResult>(), out).empty());
  EXPECT_TRUE(out["energy_j"]["link"].is_null());
  EXPECT_EQ(out["energy_j"]["noc"], 0);
  const json again = written(read_as<RunResult>(out));
  EXPECT_EQ(again["energy_j"], out["energy_j"]);
}

TEST(ResultFields, AKernelsMicrosecondsLoseNoDigit) {
  for (const double seconds : {1.23456789e-5, 3e-6, 0.1, 7.0 / 3 * 1e-7}) {
    KernelResult k;
    k.op = "add";
    k.dtype = "fp16";
    k.latency_s = seconds;
    const json out = written(k);
    EXPECT_EQ(out["latency_us"].get<double>(), seconds * 1e6);
  }
}

}  // namespace
}  // namespace orrery::test
