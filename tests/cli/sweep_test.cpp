// orrery sweep end to end: points as the file says, the same bytes whatever the jobs and shards, fronts,
// explanations, costs and searches.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/sweep_command.h"

namespace orrery::test {
namespace {

using nlohmann::json;

TEST(Sweep, PointsFollowAxesConditionsAndDerivedValues) {
  const std::string file = sweep_file();
  ASSERT_EQ(run(file + " --db " + store("plan.db")).exit_code, 0);
  const json points = json::parse(exported(store("plan.db"), "--json --configuration"));
  // Two machines, batches 1 and 2 with two channels each, 4 and 8 with two pairs of scratchpad and clock too.
  ASSERT_EQ(points.size(), 2U * (2 * 2 + 2 * 2 * 2));
  EXPECT_EQ(points[0]["inputs"],
            json({{"scenario.batch", 1}, {"arch.dram.channels", 1}, {"scenario.output", 2}}));
  const json& last = points.back();
  EXPECT_EQ(last["inputs"]["arch.clock_ghz"], 1.0);
  EXPECT_EQ(last["inputs"]["arch.scratchpad.size_kib"], 1024);
  EXPECT_EQ(last["inputs"]["scenario.output"], 4);
  EXPECT_EQ(last["base"], "asic/tpu-v5e, gpt2");
  EXPECT_EQ(last["configuration"]["arch"]["chip"]["clock_ghz"], 1.0);
  EXPECT_EQ(last["configuration"]["arch"]["chip"]["cores"]["scratchpad"]["size_kib"], 1024);
  // It holds what the machine names, not the names.
  EXPECT_TRUE(last["configuration"]["arch"]["chip"]["energy_table"].is_object());
  // The result is what `run` gives for that machine.
  const CommandResult one = orrery_command(
      "run --arch asic/tpu-v5e --model gpt2 --input 32 --output 2 --batch 1 --fidelity roofline --format "
      "json");
  const json same = json::parse(one.out);
  const json& swept = points[12]["result"];
  EXPECT_EQ(points[12]["inputs"]["arch.dram.channels"], 1);
  const json override_all = json::parse(one.out);
  ASSERT_EQ(run(file + " arch.dram.channels=16 --db " + store("override.db")).exit_code, 0);
  EXPECT_EQ(swept["kind"], same["kind"]);
  EXPECT_EQ(swept["counts"], override_all["counts"]);  // channels change time, not work
}

// A process that runs points one after another keeps their graphs: those of another division are others.
TEST(Sweep, DivisionsOfAModelAreToldApart) {
  const std::string file = store("divisions.yaml");
  std::ofstream(file) << "schema: orrery/sweep/1\n"
                         "name: divisions\n"
                         "of:\n"
                         "  arch: gpu/h100-sxm\n"
                         "  llm: qwen3-30b-a3b\n"
                         "  scenario: {input: 64, output: 2, layers: 4, batch: 8, tp: 1}\n"
                         "fidelity: roofline\n"
                         "axes:\n"
                         "  - {key: scenario.pp, values: [1, 2]}\n"
                         "  - {key: scenario.dp, values: [1, 2]}\n"
                         "  - {key: scenario.expert_load, values: [uniform, \"zipf:1\"]}\n";
  const CommandResult swept = run(file + " --jobs 1 --db " + store("divisions.db"));
  ASSERT_EQ(swept.exit_code, 0) << swept.err;
  const json points = json::parse(exported(store("divisions.db"), "--json"));
  ASSERT_EQ(points.size(), 8U);
  for (const json& point : points) {
    const json& in = point["inputs"];
    const CommandResult one = orrery_command(fmt::format(
        "run --arch gpu/h100-sxm --model qwen3-30b-a3b --input 64 --output 2 --layers 4 --batch 8 --tp 1 "
        "--pp {} "
        "--dp {} --expert-load {} --fidelity roofline --format json",
        in["scenario.pp"].dump(), in["scenario.dp"].dump(), in["scenario.expert_load"].get<std::string>()));
    ASSERT_EQ(one.exit_code, 0) << one.err;
    const json alone = json::parse(one.out);
    EXPECT_EQ(point["result"]["latency_s"], alone["latency_s"]) << in.dump();
    EXPECT_EQ(point["result"]["parallelism"], alone["parallelism"]) << in.dump();
  }
}

TEST(Sweep, SameBytesForAnyJobsAndShards) {
  const std::string file = sweep_file("fidelity: roofline", "fidelity: tile");
  ASSERT_EQ(run(file + " --jobs 1 --db " + store("one.db")).exit_code, 0);
  const std::string csv = exported(store("one.db"));
  const std::string whole = exported(store("one.db"), "--json");
  ASSERT_EQ(run(file + " --jobs 3 --db " + store("three.db")).exit_code, 0);
  EXPECT_EQ(exported(store("three.db")), csv);
  EXPECT_EQ(exported(store("three.db"), "--json"), whole);
  std::string parts;
  for (int i = 1; i <= 3; ++i) {
    const std::string part = store(fmt::format("part-{}.db", i));
    ASSERT_EQ(run(fmt::format("{} --shard {}/3 --db {}", file, i, part)).exit_code, 0);
    parts += " " + part;
  }
  ASSERT_EQ(run("merge " + store("merged.db") + parts).exit_code, 0);
  EXPECT_EQ(exported(store("merged.db"), "--json"), whole);
  // Nothing runs twice, and another sweep over the same points runs none.
  EXPECT_NE(run(file + " --db " + store("one.db")).out.find("0 run now, 24 known before"), std::string::npos);
  const CommandResult other = run(
      temporary_file("other.yaml", std::string(kSweep)
                                       .replace(std::string(kSweep).find("roofline"), 8, "tile")
                                       .replace(std::string(kSweep).find("name: small"), 11, "name: other")) +
      " --db " + store("one.db"));
  EXPECT_NE(other.out.find("0 run now, 24 known before"), std::string::npos) << other.out;
}

TEST(Sweep, ParetoMeetsConstraintsAndDiffAddsUp) {
  const std::string file = sweep_file();
  const std::string db = store("pareto.db");
  ASSERT_EQ(run(file + " --db " + db).exit_code, 0);
  const json front = json::parse(run("pareto " + db + " --across --format json").out);
  ASSERT_FALSE(front.empty());
  for (const json& a : front) {
    for (const json& b : front) {
      EXPECT_FALSE(a["latency_s"] < b["latency_s"] && a["energy_per_token_j"] < b["energy_per_token_j"]);
    }
  }
  const json constrained =
      json::parse(run("pareto " + db + " -m latency_s --where 'scenario.batch >= 8' --format json").out);
  ASSERT_EQ(constrained.size(), 1U);
  EXPECT_EQ(constrained[0]["scenario.batch"], 8);
  refused("pareto " + db + " --where 'latency_s < 0'", {"none of 24 results", "latency_s < 0"});
  refused("pareto " + db + " -m latenci_s", {"did you mean 'latency_s'"});
  const json diff = json::parse(run("diff " + db + " 0 11 --format json").out);
  for (const json& figure : diff["figures"]) {
    double sum = 0;
    for (const json& share : figure["shares"]) sum += share["change"].get<double>();
    const double change = figure["b"].get<double>() - figure["a"].get<double>();
    EXPECT_NEAR(sum, change, 1e-9 * std::abs(figure["b"].get<double>()));
  }
  const json points = json::parse(exported(db, "--json"));
  EXPECT_DOUBLE_EQ(diff["figures"][0]["a"].get<double>(), points[0]["result"]["latency_s"].get<double>());
  EXPECT_DOUBLE_EQ(diff["figures"][0]["b"].get<double>(), points[11]["result"]["latency_s"].get<double>());
}

// Inputs are what the axes set: the spare cores and interfaces a die grows by belong to the cores and
// channels.
TEST(Sweep, DiffExplainsByWhatTheAxesSet) {
  const std::string file = temporary_file("die.yaml", R"yaml(schema: orrery/sweep/1
name: die
of: {arch: gpu/a100-sxm-80gb, llm: gpt2, scenario: {input: 32, output: 2}}
axes: [{key: arch.chip.cores.count, values: [54, 108]}, {key: arch.dram.channels, values: [40, 80]}]
fidelity: roofline
)yaml");
  const std::string db = store("die.db");
  ASSERT_EQ(run(file + " --db " + db).exit_code, 0);
  const json points = json::parse(exported(db, "--json"));
  const json diff = json::parse(run("diff " + db + " 0 3 --format json").out);
  bool cost_explained = false;
  for (const json& figure : diff["figures"]) {
    ASSERT_EQ(figure["shares"].size(), 2U) << figure;
    EXPECT_EQ(figure["shares"][0]["input"], "arch.chip.cores.count");
    EXPECT_EQ(figure["shares"][1]["input"], "arch.chip.memory.1.channels");
    if (figure["figure"] != "unit_cost_usd") continue;
    cost_explained = true;
    for (const json& share : figure["shares"]) EXPECT_GT(share["change"].get<double>(), 0);
    EXPECT_DOUBLE_EQ(figure["a"].get<double>(), points[0]["result"]["price_usd"]["unit_cost"].get<double>());
    EXPECT_DOUBLE_EQ(figure["b"].get<double>(), points[3]["result"]["price_usd"]["unit_cost"].get<double>());
  }
  EXPECT_TRUE(cost_explained);
}

// What a die grows by leaks: the same W a mm2 as the energy table's, from the base's stated watts on.
TEST(Sweep, StaticPowerFollowsTheArea) {
  const std::string file = temporary_file("leak.yaml", R"yaml(schema: orrery/sweep/1
name: leak
of: {arch: gpu/a100-sxm-80gb, llm: gpt2, scenario: {input: 32, output: 2}}
axes: [{key: arch.shared_buffer.size_mib, values: [40, 160]}]
fidelity: roofline
)yaml");
  const std::string db = store("leak.db");
  ASSERT_EQ(run(file + " --db " + db).exit_code, 0);
  const json points = json::parse(exported(db, "--json"));
  const auto watts = [](const json& result) {
    return result["energy_j"]["static"].get<double>() / result["latency_s"].get<double>();
  };
  const json& small = points[0]["result"];
  const json& large = points[1]["result"];
  const double grown = large["area_mm2"].get<double>() - small["area_mm2"].get<double>();
  EXPECT_GT(grown, 100);
  EXPECT_NEAR(watts(small), 58, 1e-6);                            // as the file states, at the chip
  EXPECT_NEAR(watts(large) - watts(small), 0.045 * grown, 1e-6);  // n7's leakage_w_per_mm2
  // Prices and areas of technology change what a chip costs, not what it draws; nor does an area that is the
  // base's own under the same table.
  const std::string priced = temporary_file("priced.yaml", R"yaml(schema: orrery/sweep/1
name: priced
of: {arch: gpu/a100-sxm-80gb, llm: gpt2, scenario: {input: 32, output: 2}}
axes:
  - {key: arch.cores.count, values: [108]}
  - {key: technology.area.core_control_factor, values: [2.45, 3.5]}
fidelity: roofline
)yaml");
  ASSERT_EQ(run(priced + " --db " + store("priced.db")).exit_code, 0);
  const json tables = json::parse(exported(store("priced.db"), "--json"));
  EXPECT_LT(tables[0]["result"]["area_mm2"], tables[1]["result"]["area_mm2"]);
  EXPECT_EQ(tables[0]["result"]["energy_j"], tables[1]["result"]["energy_j"]);
  // So too where an override changed the machine and the table is the only axis.
  const std::string table = temporary_file("table.yaml", R"yaml(schema: orrery/sweep/1
name: table
of: {arch: gpu/a100-sxm-80gb, llm: gpt2, scenario: {input: 32, output: 2}}
axes: [{key: technology.nodes.7nm.sram_um2_per_bit, values: [0.03, 0.17]}]
fidelity: roofline
)yaml");
  ASSERT_EQ(run(table + " arch.cores.count=108 --db " + store("table.db")).exit_code, 0);
  for (const json& p : json::parse(exported(store("table.db"), "--json")))
    EXPECT_NEAR(watts(p["result"]), 58, 1e-6) << p["inputs"];
  // Stated anew, it is as stated, and so is an area.
  ASSERT_EQ(run(file + " arch.die_mm2=500 --db " + store("die.db")).exit_code, 0);
  for (const json& p : json::parse(exported(store("die.db"), "--json"))) {
    EXPECT_EQ(p["result"]["area_mm2"], 500);
    EXPECT_NEAR(watts(p["result"]), 58 + 0.045 * (500 - 826), 1e-6);
  }
  ASSERT_EQ(run(file + " arch.static_w=50 --db " + store("stated.db")).exit_code, 0);
  for (const json& p : json::parse(exported(store("stated.db"), "--json")))
    EXPECT_NEAR(watts(p["result"]), 50, 1e-6);
}

// Each place is set under one name; what lies inside a value that an axis sets is read there, before and
// after the run.
TEST(Sweep, ConditionsReadWhatAxesSet) {
  const auto named = [](const std::string& axes, const std::string& constraints) {
    return temporary_file("read.yaml", R"yaml(schema: orrery/sweep/1
name: read
of: {arch: gpu/a100-sxm-80gb, llm: gpt2, scenario: {input: 32, output: 2}}
axes:
)yaml" + axes + "constraints: {" + constraints +
                                           "}\nobjectives: [{minimise: latency_s}]\nfidelity: roofline\n") +
           " --db " + store("read.db");
  };
  const std::string presets = "  - {key: arch.dram.preset, values: [hbm2e-3200, hbm2-2400]}\n";
  const std::string fast = "[arch.dram.preset.data_rate_mtps >= 3200]";
  const CommandResult before = run(named(presets, "inputs: " + fast));
  EXPECT_NE(before.out.find("1 outside the inputs' constraints"), std::string::npos)
      << before.out << before.err;
  std::filesystem::remove(store("read.db"));
  ASSERT_EQ(run(named(presets, "outputs: " + fast)).exit_code, 0);
  const json kept = json::parse(run("pareto " + store("read.db") + " --format json").out);
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0]["arch.dram.preset"], "hbm2e-3200");
  std::filesystem::remove(store("read.db"));
  // The same place by another of its names.
  ASSERT_EQ(
      run(named("  - {key: arch.cores.count, values: [32, 108]}\n", "outputs: [arch.chip.cores.count <= 64]"))
          .exit_code,
      0);
  const json small = json::parse(run("pareto " + store("read.db") + " --format json").out);
  ASSERT_EQ(small.size(), 1U);
  EXPECT_EQ(small[0]["arch.cores.count"], 32);
  const std::string cores = "  - {key: arch.cores.count, values: [32, 108]}\n";
  refused(named(cores + "  - {key: arch.chip.cores.count, values: [64]}\n", ""),
          {"read.yaml:6", "same place"});
  refused(named(presets + "  - {key: arch.dram.preset.page_bytes, values: [1024]}\n", ""),
          {"read.yaml:6", "same place"});
}

// A machine's router is part of what its results depend on, and its keys are axes.
TEST(Sweep, RoutersAreKeysToo) {
  const std::string file = temporary_file("router.yaml", R"yaml(schema: orrery/sweep/1
name: router
of: {arch: asic/mesh-npu, llm: gpt2, scenario: {input: 16, output: 1, layers: 1}}
axes: [{key: arch.network.router.routing_delay, values: [1, 8]}]
)yaml");
  ASSERT_EQ(run(file + " --db " + store("router.db")).exit_code, 0);
  const json points = json::parse(exported(store("router.db"), "--json --configuration"));
  EXPECT_EQ(points[1]["configuration"]["arch"]["chip"]["network"]["router"]["routing_delay"], 8);
  EXPECT_LT(points[0]["result"]["latency_s"], points[1]["result"]["latency_s"]);
  refused(file + " arch.network.router.routing_dely=1 --db " + store("no.db"), {"did you mean"});
  refused(file + " arch.network.router=no-such --db " + store("no.db"), {"no router 'no-such'"});
}

const char* const kCost = R"yaml(schema: orrery/cost/1
model: gpt2
workload: {input: 64, output: 16, ttft_max_s: 10}
demand: {output_tokens_per_s: 100000, utilisation: 0.5}
finance:
  years: 4
  pue: 1.3
  electricity_per_kwh: {value: 0.1, currency: USD, date: "2025"}
options:
  - name: bought
    arch: gpu/a100-sxm-80gb
    acquire: buy
    batch: 4
    devices: 2
    chip_price: {value: 10000, low: 8000, high: 15000, currency: USD, date: "2025"}
    host_w: 300
  - name: made
    arch: asic/edge-npu
    acquire: make
    batch: 2
    volume: 50000
)yaml";

// Options of a cost scenario as bases: what their fleets cost is what `orrery cost` says, and its terms, the
// technology table and the price book are axes like any other.
TEST(Sweep, CostScenariosTechnologyAndPricesAreAxes) {
  const std::string scenario = temporary_file("terms.yaml", kCost);
  const std::string file = temporary_file("owned.yaml", R"yaml(schema: orrery/sweep/1
name: owned
of: {cost: )yaml" + scenario + R"yaml(}
axes:
  - {key: cost.finance.pue, values: [1.3, 2]}
  - {key: technology.nodes.16nm.wafer_price, values: [3984, 8000], when: "cost.options.acquire == 'make'"}
objectives: [{minimise: owned_usd_per_m_tokens}]
)yaml");
  const std::string db = store("owned.db");
  const CommandResult swept = run(file + " --db " + db);
  ASSERT_EQ(swept.exit_code, 0) << swept.out << swept.err;
  const json points = json::parse(exported(db, "--json"));
  ASSERT_EQ(points.size(), 2U + 4U);
  const CommandResult asked = orrery_command("cost " + scenario + " --draws 10 --format json");
  ASSERT_EQ(asked.exit_code, 0) << asked.err;
  const json study = json::parse(asked.out);
  const auto same = [](json ownership, const json& option) {
    EXPECT_EQ(ownership["keeps_target"], 1);
    ownership.erase("keeps_target");
    EXPECT_GE(ownership.size(), 10U);
    for (const auto& [key, value] : ownership.items()) EXPECT_EQ(value, option.at(key)) << key;
  };
  same(points[0]["result"]["ownership"], study["options"][0]);
  same(points[2]["result"]["ownership"], study["options"][1]);
  EXPECT_EQ(points[2]["base"], "made: asic/edge-npu, gpt2");
  const auto usd = [&](int p) {
    return points[static_cast<std::size_t>(p)]["result"]["ownership"]["usd_per_m_tokens"]["all"]
        .get<double>();
  };
  EXPECT_GT(usd(1), usd(0));  // electricity
  EXPECT_GT(usd(3), usd(2));  // wafers
  EXPECT_GT(usd(4), usd(2));
  EXPECT_EQ(points[2]["result"]["e2e_s"], points[5]["result"]["e2e_s"]);
  EXPECT_EQ(points[2]["result"]["kind"], "serving");
  // As many requests as keep the target, as in `orrery cost`; an option that does not keep it does not count.
  std::string open = kCost;
  for (const char* batch : {"    batch: 4\n", "    batch: 2\n"})
    open.erase(open.find(batch), std::strlen(batch));
  const std::string target = "ttft_max_s: 10";
  open.replace(open.find(target), target.size(), "tpot_max_s: 0.01, batch_max: 8");
  const std::string open_file = temporary_file("open.yaml", open);
  const std::string open_sweep = temporary_file("open-sweep.yaml", R"yaml(schema: orrery/sweep/1
name: open
of: {cost: )yaml" + open_file + R"yaml(}
axes: [{key: cost.workload.tpot_max_s, values: [0.01, 0.000001]}]
objectives: [{minimise: owned_usd_per_m_tokens}]
)yaml");
  ASSERT_EQ(run(open_sweep + " --db " + store("open.db")).exit_code, 0);
  const json opened = json::parse(exported(store("open.db"), "--json"));
  const json searched = json::parse(orrery_command("cost " + open_file + " --draws 10 --format json").out);
  for (const int option : {0, 1}) {
    const json& found = opened[static_cast<std::size_t>(2 * option)]["result"];
    const json& expected = searched["options"][static_cast<std::size_t>(option)];
    EXPECT_EQ(found["highest_rate_per_s"], expected["served"]["requests_per_s"]);
    EXPECT_EQ(found["ownership"]["usd_per_m_tokens"], expected["usd_per_m_tokens"]);
  }
  // Nor is it cheap: priced by what it serves without the target.
  EXPECT_EQ(opened[1]["result"]["ownership"]["keeps_target"], 0);
  EXPECT_GT(opened[1]["result"]["ownership"]["usd_per_m_tokens"]["all"].get<double>(),
            0.2 * opened[0]["result"]["ownership"]["usd_per_m_tokens"]["all"].get<double>());
  const json kept = json::parse(run("pareto " + store("open.db") + " --format json").out);
  for (const json& p : kept) EXPECT_EQ(p["cost.workload.tpot_max_s"], 0.01);
  const std::string bad = " --db " + store("bad-cost.db");
  const std::string whole = read_file(file);
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = whole;
    return temporary_file("owned.yaml", text.replace(text.find(from), from.size(), to)) + bad;
  };
  refused(with("cost.finance.pue", "cost.finance.pu"), {"owned.yaml:5", "did you mean 'cost.finance.pue'"});
  refused(with("[1.3, 2]", "[0.5, 2]"), {"owned.yaml:5", "finance.pue", "1 to 5"});
  refused(with("cost.finance.pue", "cost.options.devices"), {"owned.yaml:5", "scenario.devices"});
  refused(with("nodes.16nm", "nodes.17nm"), {"owned.yaml:6", "did you mean"});
  refused(with("cost: ", "arch: asic/edge-npu, cost: "), {"owned.yaml:3", "arch"});
  refused(with("of: {cost: ", "of: {cost: no-"), {"owned.yaml:3", "no cost scenario"});
  refused(with("terms.yaml}", "terms.yaml, scenario: {batch: 0}}"), {"owned.yaml:3", "batch"});
  EXPECT_FALSE(std::filesystem::exists(store("bad-cost.db")));
}

// A front of each workload, one of all of them, and scores of designs that ran every one.
TEST(Sweep, FrontsAreOfAWorkload) {
  const std::string file = temporary_file("two.yaml", R"yaml(schema: orrery/sweep/1
name: two
of: {arch: [gpu/h100-sxm, gpu/l40s], llm: [gpt2, gpt2-xl], scenario: {input: 64, output: 8}}
axes: [{key: scenario.batch, values: [1, 8]}]
fidelity: roofline
objectives: [{minimise: latency_s}]
)yaml");
  const std::string db = store("two.db");
  ASSERT_EQ(run(file + " --db " + db).exit_code, 0);
  const json each = json::parse(run("pareto " + db + " --format json").out);
  ASSERT_EQ(each.size(), 2U);
  EXPECT_EQ(each[0]["workload"], "gpt2, 64 in, 8 out");
  EXPECT_EQ(each[1]["workload"], "gpt2-xl, 64 in, 8 out");
  for (const json& p : each) EXPECT_EQ(p["scenario.batch"], 1);
  const json across = json::parse(run("pareto " + db + " --across --format json").out);
  ASSERT_EQ(across.size(), 1U);
  EXPECT_EQ(across[0]["latency_s"], each[0]["latency_s"]);
  for (const char* score : {"geomean", "worst"}) {
    const json scored =
        json::parse(run("pareto " + db + " --score " + score + " -M tokens_per_s --format json").out);
    ASSERT_EQ(scored.size(), 1U);
    EXPECT_EQ(scored[0]["scenario.batch"], 8);
    EXPECT_NEAR(scored[0]["tokens_per_s (" + std::string(score) + ")"].get<double>(), 1, 1e-12);
  }
  refused("pareto " + db + " --score mean", {"--score", "geomean"});
  refused("pareto " + db + " --score worst --across", {"one of the two"});
  // What prunes keeps some of each workload.
  std::string pruned = read_file(file);
  pruned += "search: {prune_keep: 0.3}\n";
  pruned.replace(pruned.find("fidelity: roofline"), 18, "fidelity: tile");
  const std::string kept = store("kept.db");
  ASSERT_EQ(run(temporary_file("pruned.yaml", pruned) + " --db " + kept).exit_code, 0);
  EXPECT_EQ(json::parse(run("pareto " + kept + " --format json").out).size(), 2U);
}

// Requests in place of a batch: their load is an axis like any other, and figures of a batch are refused.
TEST(Sweep, RequestsAreServedAtEachPoint) {
  const std::string text = R"yaml(schema: orrery/sweep/1
name: served
of: {arch: gpu/h100-sxm, llm: gpt2, runtime: vllm, scenario: {input: 64, output: 8}, serving: {requests: 60}}
axes:
  - {key: serving.rate, values: [1, 400]}
  - {key: serving.max_sequences, values: [2, 64]}
fidelity: roofline
objectives: [{minimise: ttft_p99_s}, {maximise: tokens_per_s}]
)yaml";
  const std::string db = store("served.db");
  ASSERT_EQ(run(temporary_file("served.yaml", text) + " --db " + db).exit_code, 0);
  const json points = json::parse(exported(db, "--json"));
  ASSERT_EQ(points.size(), 4U);
  for (const json& p : points) EXPECT_EQ(p["result"]["finished"], 60);
  const auto ttft = [&](std::size_t p) { return points[p]["result"]["ttft_s"]["p99"].get<double>(); };
  EXPECT_GT(ttft(2), 2 * ttft(0));  // two at a time, and all at once
  EXPECT_LT(ttft(3), ttft(2));
  std::string wrong = text;
  wrong.replace(wrong.find("ttft_p99_s"), 10, "utilization_dram");
  refused(temporary_file("wrong.yaml", wrong), {"wrong.yaml:8", "utilization_dram", "requests are served"});
  wrong = text;
  wrong.replace(wrong.find(", serving: {requests: 60}"), 25, "");
  refused(temporary_file("wrong.yaml", wrong), {"wrong.yaml:5", "serving.rate"});
  wrong = text;
  wrong.replace(wrong.find("requests: 60"), 12, "offline: 5, concurrency: 3");
  refused(temporary_file("wrong.yaml", wrong), {"wrong.yaml:3", "one of 'rate'"});
}

TEST(Sweep, SearchesWithinABudget) {
  for (const char* method : {"random", "latin_hypercube", "nsga2"}) {
    const std::string file = sweep_file(
        "fidelity: roofline",
        fmt::format("search: {{method: {}, points: 16, seed: 3, population: 8}}\nfidelity: roofline",
                    method));
    const std::string db = store(std::string(method) + ".db");
    ASSERT_EQ(run(file + " --jobs 2 --db " + db).exit_code, 0) << method;
    const json points = json::parse(exported(db, "--json"));
    EXPECT_LE(points.size(), 16U) << method;
    EXPECT_GE(points.size(), 6U) << method;
    ASSERT_EQ(run(file + " --jobs 1 --db " + db + "2").exit_code, 0);
    EXPECT_EQ(exported(db + "2"), exported(db)) << method;
    // The best of the whole grid is among what the evolutionary search found.
    if (std::string(method) == "nsga2") {
      double best = 1e300;
      for (const json& p : points) best = std::min(best, p["result"]["latency_s"].get<double>());
      ASSERT_EQ(run(sweep_file() + " --db " + store("grid.db")).exit_code, 0);
      const json front =
          json::parse(run("pareto " + store("grid.db") + " --across -m latency_s --format json").out);
      EXPECT_LE(best, 1.5 * front[0]["latency_s"].get<double>());
    }
  }
  // One base, an axis of one value and a single objective are as good as several.
  const std::string narrow = temporary_file("narrow.yaml", R"yaml(schema: orrery/sweep/1
name: narrow
of: {arch: asic/tpu-v5e, llm: gpt2, scenario: {input: 32, output: 4}}
axes:
  - {key: scenario.batch, values: [2]}
  - {key: arch.clock_ghz, range: {from: 0.5, to: 1.5, steps: 30}}
objectives: [{minimise: latency_s}]
search: {method: nsga2, points: 24}
fidelity: roofline
)yaml");
  const CommandResult searched = run(narrow + " --db " + store("narrow.db"));
  EXPECT_EQ(searched.exit_code, 0) << searched.err;
  // A power that the bound overshoots is no reason to prune; an objective that no result has is said.
  const std::string watts = temporary_file("watts.yaml", R"yaml(schema: orrery/sweep/1
name: watts
of: {arch: gpu/a100-sxm-40gb, llm: gpt2, scenario: {input: 32, output: 2}}
axes: [{key: scenario.batch, values: [1, 2]}]
constraints: {outputs: [average_power_w <= 210]}
objectives: [{minimise: latency_s}]
search: {prune_keep: 0.5}
)yaml");
  ASSERT_EQ(run(watts + " --db " + store("watts.db")).exit_code, 0);
  EXPECT_NE(run("status " + store("watts.db")).out.find("1 done, 1 pruned"), std::string::npos);
  refused(temporary_file("none.yaml", R"yaml(schema: orrery/sweep/1
name: none
of: {arch: asic/edge-npu, llm: gpt2, scenario: {input: 32, output: 1}}
axes: [{key: scenario.batch, values: [1, 2]}]
objectives: [{minimise: tpot_s}]
search: {prune_keep: 0.5}
)yaml") + " --db " +
              store("none.db"),
          {"none.yaml", "no result of 2 points"});
  // Roofline leaves a quarter of the points to tile, and says how many it pruned.
  const std::string file = sweep_file("fidelity: roofline", "search: {prune_keep: 0.25}\nfidelity: tile");
  const CommandResult r = run(file + " --db " + store("pruned.db"));
  EXPECT_EQ(r.exit_code, 0) << r.err;
  EXPECT_NE(r.out.find("18 pruned by roofline"), std::string::npos) << r.out;
  EXPECT_NE(run("status " + store("pruned.db")).out.find("6 done, 18 pruned"), std::string::npos);
}

}  // namespace
}  // namespace orrery::test
