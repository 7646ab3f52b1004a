// probe and validate, as a user meets them.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/command.h"

namespace orrery::test {
namespace {

nlohmann::json json_of(const std::string& arguments, int exit_code = 0) {
  const CommandResult r = orrery_command(arguments + " --format json");
  EXPECT_EQ(r.exit_code, exit_code) << arguments << "\n" << r.err;
  return nlohmann::json::parse(r.out);
}

TEST(Probe, OneRowEach) {
  const auto dram = json_of("probe dram --preset ddr4-3200 --pattern rand_read --load dependent");
  EXPECT_GT(dram["latency_ns"].get<double>(), 30);
  EXPECT_EQ(dram["fidelity"], "cycle");
  const auto noc = json_of("probe noc --topology mesh --k 4 --rate 0.05");
  EXPECT_NEAR(noc["latency_cycles"].get<double>(), 16, 1);
  EXPECT_TRUE(noc["stable"].get<bool>());
  const auto sram = json_of("probe sram --arch gpu/a100-sxm-80gb --pattern stride_128 --footprint-kib 32");
  EXPECT_GT(sram["levels"][0]["conflict_cycles"].get<double>(), 1);
  const auto collective = json_of("probe collective --node a100_dgx --bytes 67108864");
  EXPECT_EQ(collective["algorithm"], "ring");
  EXPECT_GT(collective["bus_gb_per_s"].get<double>(), 150);
  const auto nvls = json_of("probe collective --node h100_dgx --bytes 1073741824");
  EXPECT_EQ(nvls["algorithm"], "in_switch");
  EXPECT_GT(nvls["bus_gb_per_s"].get<double>(), 400);
}

TEST(Probe, SweepsAreCurvesAndDrawn) {
  const std::string page = temporary_folder() + "/curve.html";
  const auto rows =
      json_of("probe noc --topology crossbar --k 8 --sweep --fidelity tile --cycles 1000 --plot " + page);
  ASSERT_GT(rows.size(), 10U);
  EXPECT_LT(rows.front()["latency_cycles"].get<double>(), rows.back()["latency_cycles"].get<double>());
  EXPECT_NE(read_file(page).find("latency_cycles"), std::string::npos);
}

TEST(Probe, TheSameInputGivesTheSameBytes) {
  for (const char* command :
       {"probe dram --preset hbm2-2400 --pattern mix21 --format json",
        "probe noc --topology torus --k 4 --rate 0.3 --format json",
        "probe dram --preset hbm2-2400 --sweep --fidelity tile --format csv --jobs 2"}) {
    EXPECT_EQ(orrery_command(command).out, orrery_command(command).out) << command;
  }
}

void probe_refused(const std::string& arguments, const std::string& words) {
  const CommandResult r = orrery_command(arguments);
  EXPECT_EQ(r.exit_code, 2) << arguments;
  EXPECT_NE(r.err.find(words), std::string::npos) << arguments << "\n" << r.err;
  EXPECT_EQ(r.out, "");
}

TEST(Probe, BadInputIsRefusedWithTheReason) {
  probe_refused("probe dram --preset ddr4-3201", "did you mean 'ddr4-3200'");
  probe_refused("probe dram --preset ddr4-3200 --mapping rorabaco", "does not cover the address");
  probe_refused("probe dram --preset ddr4-3200 --pattern stride_100",
                "not a multiple of the burst of 64 bytes");
  probe_refused("probe dram --preset ddr4-3200 --pattern sequential", "expected seq_read");
  probe_refused("probe dram --preset ddr4-3200 --load fast", "expected saturating, dependent or a share");
  probe_refused("probe dram --preset ddr4-3200 --plot x.html", "--plot needs --sweep");
  probe_refused("probe dram --preset ddr4-3200 --refresh per_bank", "needs trefi_pb");
  probe_refused("probe noc --topology mash", "did you mean 'mesh'");
  probe_refused("probe noc --topology mesh --traffic unifrom", "unknown traffic");
  probe_refused("probe noc --topology mesh --traffic memory_read", "needs a machine");
  probe_refused("probe noc", "give --topology or --arch");
  probe_refused("probe noc --arch asic/mesh-npu --k 4", "--k: asic/mesh-npu says so itself");
  probe_refused("probe noc --arch gpu/h100-sxm", "crossbar of 132 ports");
  probe_refused("probe noc --topology torus --k 4 --vcs 1", "dateline");
  probe_refused("probe collective --node dgx", "no node 'dgx'");
  probe_refused("probe collective --node a100_dgx --devices 12", "it has 8 chips");
  probe_refused("probe collective --node a100_dgx --algorithm in_switch", "no switch that reduces");
  probe_refused("probe sram --pattern rand", "give --levels or --arch");
  probe_refused("probe sram --arch gpu/h100-sxm --pattern stream_4096", "stream_N at fidelity tile");
  probe_refused("probe sram --arch gpu/h100-sxm --fidelity tile --pattern rand",
                "stream_N (N bytes) or chase");
  probe_refused("probe sram --arch gpu/h100-sxm --fidelity tile --pattern stream_99999999", "holds 1 to");
  probe_refused("probe sram --arch gpu/h100-sxm --fidelity tile --pattern stream_64 --lanes 3",
                "--lanes has no meaning");
  probe_refused("probe sram --levels arch_configs/sram/h100.yaml --fidelity tile --pattern chase",
                "give --arch");
  probe_refused("probe sram --arch gpu/h100-sxm --lanes -1", "--lanes is -1; expected 1 to 65536");
  probe_refused("probe sram --arch gpu/h100-sxm --writes 2", "--writes is 2; expected 0 to 1");
  probe_refused("probe noc --topology mesh --routing table", "expected xy or yx");
  probe_refused("probe noc --topology mesh --link-latency 0", "--link-latency is 0; expected 1 to 1000");
  probe_refused("kernel --arch gpu/h100-sxm --node h100_dgx --op all_to_all --bytes 10 --devices 4294967298",
                "at most 512");
  probe_refused("probe disk", "probe needs dram");
  probe_refused("run --arch gpu/h100-sxm --model gpt2 --node a100_dgx", "is made of gpu/a100-sxm-80gb");
  const std::string loop =
      temporary_file("loop.yaml",
                     "schema: orrery/noc/1\ntopology: graph\nrouters: 3\nterminals: [0, 1, 2]\n"
                     "links:\n  - {from: 0, to: 1, one_way: true}\n"
                     "  - {from: 1, to: 2, one_way: true}\n  - {from: 2, to: 0, one_way: true}\n");
  probe_refused("probe noc --topology " + loop, "can deadlock");
  probe_refused("check " + loop, "can deadlock");
}

const char* const kRows =
    "preset,tool,mapping,channels,peak_gb_per_s,pattern,mode,offered_load,request_bytes,achieved_gb_per_s,"
    "avg_latency_ns,energy_pJ_per_bit,notes\n"
    "dramsim3-hbm2-8gb-x128,DRAMsim3,bgint:rorabacochbg,1,32.0,seq_read,saturating,,64,29.4106,,1.9679,\"a, "
    "b\"\n"
    "dramsim3-hbm2-8gb-x128,DRAMsim3,bgint:rorabacochbg,1,32.0,dep_rand,dependent,,64,1.3617,45.999,10.56,\n"
    "no-such-preset,DRAMsim3,bgint:rorabacochbg,1,32.0,seq_read,saturating,,64,29.0,,,\n";

TEST(Validate, GroupsErrorsAndCountsFailures) {
  const std::string file = temporary_file("rows.csv", kRows);
  const auto groups = json_of("validate " + file + " --fidelity cycle --by pattern", 1);  // one row fails
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0]["group"], "seq_read");
  EXPECT_EQ(groups[0]["quantity"], "throughput");
  EXPECT_EQ(groups[0]["n"], 2);
  EXPECT_EQ(groups[0]["failed"], 1);
  EXPECT_LT(groups[0]["mean_abs"].get<double>(), 0.02);
  EXPECT_EQ(groups[1]["quantity"], "latency");
  EXPECT_LT(groups[1]["p90_abs"].get<double>(), 0.02);
  const auto energy = json_of("validate " + file + " --quantity energy --where pattern=seq_read --worst 1");
  EXPECT_EQ(energy[0]["worst"].size(), 1U);
  const std::string svg = temporary_folder() + "/scatter.html";
  json_of("validate " + file + " --where pattern=seq_read --plot " + svg, 1);
  EXPECT_NE(read_file(svg).find("\"type\":\"area\""), std::string::npos);  // +-10 % about the diagonal
  probe_refused("validate " + file + " --where pattern=none", "no row to validate");
  probe_refused("validate " + file + " --by presset", "did you mean 'preset'");
  probe_refused("validate " + file + " --quantity time", "have no time");
  probe_refused("validate " + temporary_file("other.csv", "a,b\n1,2\n"), "fit no kind of rows");
  probe_refused("validate missing.csv", "cannot read");
}

// A tree of 15 ways over a 4 x 4 mesh takes each channel once, so it is far from 15 messages one by one.
TEST(Probe, MulticastAndReductionTrees) {
  for (const char* traffic : {"multicast", "reduce"}) {
    const auto tree = json_of(std::string("probe noc --topology mesh --k 4 --fidelity tile --packet-flits 16 "
                                          "--traffic ") +
                              traffic);
    EXPECT_LT(tree["latency_cycles"].get<double>(), 60) << traffic;  // 7 routers and 16 flits, not 15 x 16
    EXPECT_GT(tree["latency_cycles"].get<double>(), 16 + 7) << traffic;
    EXPECT_NEAR(tree["hops"].get<double>(), 1 + 15 + 15, 0.1) << traffic;  // channels of the tree
  }
  probe_refused("probe noc --topology mesh --traffic multicast --fidelity cycle", "--fidelity tile");
}

// Private levels of a file before the machine's own: both say what an L2 hit takes, load to use.
TEST(Probe, LevelsOfAFileStandBeforeTheirMachinesOwn) {
  const std::string rest = " --pattern chase --footprint-kib 4096";
  const auto file = json_of("probe sram --levels " + std::string(ORRERY_SOURCE_DIR) +
                            "/arch_configs/sram/a100.yaml" + rest);
  const auto machine = json_of("probe sram --arch gpu/a100-sxm-80gb" + rest);
  ASSERT_EQ(file["levels"].size(), 3U);
  ASSERT_EQ(machine["levels"].size(), 2U);
  EXPECT_NEAR(file["latency_cycles"].get<double>() / machine["latency_cycles"].get<double>(), 1, 0.05);
  EXPECT_NEAR(machine["latency_cycles"].get<double>(), 240, 20);  // published: some 200 near, 260 far
  const auto levels = [](const std::string& more) {
    return "probe sram --levels " +
           temporary_file("levels.yaml", "schema: orrery/sram/1\nmachine: gpu/h100-sxm\n" + more);
  };
  probe_refused(levels("levels: [{kind: l1, private: true, size_kib: 256}, {kind: l2, size_kib: 4096}]\n"),
                "shared levels are the machine's");
  probe_refused(levels("clock_ghz: 2\nlevels: [{kind: l1, private: true, size_kib: 256}]\n"),
                "the machine says so itself");
}

// Memory at the corners of a 6 x 6 mesh: reads fill its own channels, writes of 16 cores share them.
TEST(Probe, AMachinesOwnNetworkAtBothFidelities) {
  for (const char* fidelity : {"tile", "cycle"}) {
    const std::string of = std::string("probe noc --arch asic/mesh-npu --rate 1 --fidelity ") + fidelity;
    const auto read = json_of(of + " --traffic memory_read");
    EXPECT_EQ(read["packet_flits"], 8);  // 256 bytes at 32 a flit
    EXPECT_GT(read["accepted"].get<double>(), 0.95);
    const auto write = json_of(of + " --traffic memory_write");
    EXPECT_NEAR(write["accepted"].get<double>(), 4.0 / 16, 0.02);
  }
}

// A row that cannot be simulated is named and counted; the others go on.
TEST(Validate, KernelRowsFailOneByOne) {
  const std::string file = temporary_file("kernels.csv",
                                          "device,op,m,n,k,dtype,measured_us,includes_launch\n"
                                          "gpu/a100-pcie-80gb,matmul,1024,4096,4096,fp16,176,no\n"
                                          "gpu/a100-pcie-81gb,matmul,1024,4096,4096,fp16,176,no\n"
                                          "gpu/a100-pcie-80gb,matmull,1024,4096,4096,fp16,176,no\n"
                                          "gpu/a100-pcie-80gb,matmul,1024,many,4096,fp16,176,no\n"
                                          "gpu/a100-pcie-80gb,matmul,1024,4096,4096,fp17,176,no\n"
                                          "gpu/a100-pcie-80gb,add,1024,4096,,fp16,fast,no\n"
                                          "gpu/a100-pcie-80gb,silu_mul,4096,11008,,fp16,264,no\n");
  const CommandResult r = orrery_command("validate " + file + " --format json --by op");
  EXPECT_EQ(r.exit_code, 1);
  const auto groups = nlohmann::json::parse(r.out);
  EXPECT_EQ(groups[0]["group"], "matmul");
  EXPECT_EQ(groups[0]["n"], 4);
  EXPECT_EQ(groups[0]["failed"], 3);
  EXPECT_LT(groups[0]["mean_abs"].get<double>(), 0.25);
  for (const char* words :
       {":3: no machine named 'gpu/a100-pcie-81gb'", ":4: column op: unknown operator 'matmull'",
        ":5: column n: 'many' is not a number", ":6: column dtype: unknown format 'fp17'",
        ":7: column measured_us: 'fast' is not a number"})
    EXPECT_NE(r.err.find(words), std::string::npos) << words << "\n" << r.err;
}

TEST(Validate, InferencesRunAsTheirFrameworkDoes) {
  const std::string file =
      temporary_file("inference.csv",
                     "device,devices,framework,model,dtype,batch,input_len,output_len,measured_s\n"
                     "gpu/a100-sxm-40gb,1,vLLM,Llama-2-7b-hf,fp16,64,2048,64,30\n");
  const auto groups = json_of("validate " + file + " --worst 1");
  EXPECT_EQ(groups[0]["failed"], 0);
  // 64 caches of 2112 tokens do not fit beside the weights: several rounds.
  EXPECT_NE(groups[0]["worst"][0]["split"].get<std::string>().find("rounds"), std::string::npos);
  const auto ideal = json_of("validate " + file + " --runtime ideal", 1);
  EXPECT_EQ(ideal[0]["failed"], 1);  // refused: it does not fit whole
}

// Cycles are cycles; SCALE-Sim's are counted from 0. A group without a simulated row has no error, and a row
// that cannot be takes no other along.
TEST(Validate, ArraysAreCountedInCyclesAndRowsFailAlone) {
  const std::string head = "array_rows,array_cols,dataflow,m,n,k,compute_cycles,tool\n";
  const auto groups = [](const std::string& text, int exit_code) {
    const CommandResult r =
        orrery_command("validate " + temporary_file("arrays.csv", text) + " --by tool --format json");
    EXPECT_EQ(r.exit_code, exit_code) << r.err;
    return nlohmann::json::parse(r.out);
  };
  const auto both = groups(head + "4,4,os,4,4,4,10,by hand\n4,4,os,4,4,4,9,scale-sim-v2\n", 0);
  for (const auto& g : both) EXPECT_EQ(g["mean_abs"], 0.0) << g;
  const auto some = groups(head + "4,4,os,4,4,4,10,good\n4,4,os,1e30,4,4,10,bad\n4,4,os,4.5,4,4,10,bad\n", 1);
  ASSERT_EQ(some.size(), 2U);
  EXPECT_EQ(some[0]["mean_abs"], 0.0);
  EXPECT_EQ(some[1]["failed"], 2);
  EXPECT_TRUE(some[1]["bias"].is_null());
  const CommandResult table =
      orrery_command("validate " + temporary_file("bad.csv", head + "4,4,os,1e30,4,4,10,bad\n"));
  EXPECT_NE(table.err.find("bad.csv:2: column m: '1e30'"), std::string::npos) << table.err;
  EXPECT_EQ(table.out.find("0.0 %"), std::string::npos) << table.out;
}

}  // namespace
}  // namespace orrery::test
