// `orrery validate` on rows of kernels: columns that bear on a result are read or the row is refused.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/command.h"

namespace orrery::test {
namespace {

CommandResult validated(const std::string& name, const std::string& rows, const std::string& options = "") {
  return orrery_command("validate " + temporary_file(name, rows) + " --no-store " + options);
}

double simulated_us(const std::string& header, const std::string& row) {
  const CommandResult r = validated("kernels.csv", header + "\n" + row + "\n", "--worst 1 --format json");
  EXPECT_EQ(r.exit_code, 0) << r.err;
  return nlohmann::json::parse(r.out).at(0).at("worst").at(0).at("simulated").get<double>();
}

const std::string kProductHeader = "device,op,m,n,k,dtype,measured_us,scaling,includes,l2,launch";
const std::string kProductRow = "gpu/h100-sxm,matmul,64,4096,4096,fp8,10,";

TEST(ValidateCommand, WhatARowIncludesTakesTime) {
  const double alone = simulated_us(kProductHeader, kProductRow + "dynamic,matmul,cold,profiler");
  EXPECT_GT(simulated_us(kProductHeader, kProductRow + "dynamic,\"quantize,matmul\",cold,profiler"),
            1.05 * alone);
  EXPECT_LT(simulated_us(kProductHeader, kProductRow + "dynamic,matmul,warm,profiler"), 0.95 * alone);
  EXPECT_NE(simulated_us(kProductHeader, kProductRow + "dynamic,matmul,cold,graph of one"), alone);
}

TEST(ValidateCommand, AFormatOfTheCacheOfItsOwnIsRead) {
  const std::string header =
      "device,op,phase,batch,q_len,kv_len,heads,kv_heads,head_dim,dtype,kv_dtype,measured_us,includes";
  const std::string row = "gpu/h100-sxm,attention,decode,64,1,8192,32,8,128,bf16,";
  const double wide = simulated_us(header, row + "bf16,100,\"kv_append,attention\"");
  const double narrow = simulated_us(header, row + "fp8,100,\"kv_append,attention\"");
  EXPECT_NEAR(narrow / wide, 0.5, 0.1);
}

TEST(ValidateCommand, WhatItCannotHonourItRefuses) {
  const CommandResult included =
      validated("a.csv", kProductHeader + "\n" + kProductRow + "dynamic,\"matmul,dance\",cold,graph\n");
  EXPECT_EQ(included.exit_code, 1);
  EXPECT_NE(included.err.find("column includes: 'dance'"), std::string::npos) << included.err;
  // A column of other rows that says something.
  const CommandResult other = validated(
      "b.csv", "device,op,m,n,dtype,measured_us,message_bytes\ngpu/h100-sxm,add,64,64,fp16,10,4096\n");
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_NE(other.err.find("column message_bytes"), std::string::npos) << other.err;
}

TEST(ValidateCommand, WhatDoesNotBearOnResultsIsNamedOnce) {
  const CommandResult r =
      validated("c.csv",
                "device,op,m,n,dtype,measured_us,colour\n"
                "gpu/h100-sxm,add,64,64,fp16,10,red\ngpu/h100-sxm,add,64,64,fp16,10,blue\n");
  EXPECT_EQ(r.exit_code, 0) << r.err;
  EXPECT_NE(r.err.find("ignored: colour\n"), std::string::npos) << r.err;
  EXPECT_EQ(r.err.find("colour"), r.err.rfind("colour"));
}

TEST(ValidateCommand, CollectivesAreRunByWhoTheRowSays) {
  const std::string header = "device,system,devices,nodes,collective,message_bytes,measured_us,algorithm\n";
  const auto time = [&](const std::string& algorithm) {
    const CommandResult r =
        validated("d.csv", header + "gpu/h100-sxm,h100_dgx,8,1,all_reduce,4096,5," + algorithm + "\n",
                  "--worst 1 --format json");
    EXPECT_EQ(r.exit_code, 0) << r.err;
    return nlohmann::json::parse(r.out).at(0).at("worst").at(0).at("simulated").get<double>();
  };
  EXPECT_LT(2 * time("engine's own in a CUDA graph"), time("NCCL default"));
  const CommandResult nodes =
      validated("e.csv", header + "gpu/h100-sxm,h100_dgx,8,2,all_reduce,4096,5,NCCL default\n");
  EXPECT_NE(nodes.err.find("column nodes"), std::string::npos) << nodes.err;
}

TEST(ValidateCommand, ServingRunsAreSimulatedByTheirColumns) {
  const std::string header =
      "device,devices,tp,model,dtype,engine,version,mode,concurrency,num_requests,trace,input_mean,output_"
      "mean,"
      "max_batch,speculative,ttft_mean_ms,tpot_mean_ms,throughput_out_tok_s\n";
  const std::string row = "gpu/h100-sxm,1,1,qwen3-0.6b,bf16,vllm,";
  const std::string load = ",concurrency,2,4,random,256,32,,no,10,2,500\n";
  const CommandResult r = validated("s.csv", header + row + "0.15.1" + load, "--worst 1 --format json");
  EXPECT_EQ(r.exit_code, 0) << r.err;
  const nlohmann::json groups = nlohmann::json::parse(r.out);
  ASSERT_EQ(groups.size(), 4U);  // TTFT, TPOT, E2E that follows from them, throughput
  EXPECT_NE(groups.at(0).dump().find("vllm-0.19: vllm_v1, 8192 tokens, 1024 sequences"), std::string::npos)
      << groups.at(0).dump();
  // An engine whose host the device waits for is slower.
  const auto tpot = [&](const std::string& version) {
    const CommandResult of =
        validated("v.csv", header + row + version + load, "--worst 1 --quantity tpot --format json");
    return nlohmann::json::parse(of.out).at(0).at("worst").at(0).at("simulated").get<double>();
  };
  EXPECT_GT(tpot("0.10.2"), 1.2 * tpot("0.15.1"));
  const CommandResult none =
      validated("n.csv", header + row + "0.15.1,concurrency,2,4,random,256,32,,EAGLE9,10,2,5\n");
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_NE(none.err.find("column speculative"), std::string::npos);
}

// Each request of a run against its own times; what served them stands in the table beside.
TEST(ValidateCommand, TimesOfEveryRequestAreComparedWithTheRunBesideThem) {
  temporary_file("serving.csv",
                 "device,devices,tp,model,dtype,engine,version,mode,request_rate_per_s,num_requests,trace,"
                 "input_mean,output_mean,ttft_mean_ms\n"
                 "gpu/h100-sxm,1,1,qwen3-0.6b,bf16,vllm,0.15.1,rate,1,3,random,64,8,20\n"
                 "gpu/h100-sxm,1,1,qwen3-0.6b,bf16,vllm,0.10.1,rate,1,3,random,64,8,50\n");
  const std::string requests =
      "arrival_s,input_tokens,output_tokens,first_token_s,last_token_s\n"
      "0,64,8,0.02,0.04\n1,64,8,1.02,1.04\n2,64,8,2.02,2.04\n";
  const CommandResult r = validated("requests.csv", requests, "--format json --worst 1");
  EXPECT_EQ(r.exit_code, 0) << r.err;
  const nlohmann::json groups = nlohmann::json::parse(r.out);
  ASSERT_EQ(groups.size(), 4U);
  EXPECT_EQ(groups.at(0).at("quantity"), "ttft");
  EXPECT_EQ(groups.at(0).at("n"), 3);
  EXPECT_NE(groups.at(0).dump().find("vllm-0.19"), std::string::npos);
  EXPECT_EQ(groups.at(3).at("quantity"), "e2e_mean");
  EXPECT_EQ(groups.at(3).at("n"), 1);
  const CommandResult none = validated(
      "others.csv", "arrival_s,input_tokens,output_tokens,first_token_s,last_token_s\n0,64,8,5,9\n");
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_NE(none.err.find("no row of"), std::string::npos) << none.err;
}

// `kernel` runs an engine's kernels as rows do.
TEST(KernelCommand, AttendsByTheKernelsOfAnEngine) {
  const auto us = [](const std::string& engine) {
    const CommandResult r = orrery_command(
        "kernel --arch gpu/a100-sxm-80gb --op attention --q 1 --kv 65536 --heads 4 --head-dim 128 --no-store "
        "--format json " +
        engine);
    EXPECT_EQ(r.exit_code, 0) << r.err;
    return nlohmann::json::parse(r.out).at("latency_us").get<double>();
  };
  EXPECT_GT(us("--engine vllm"), 10 * us(""));  // four blocks, where others divide the context
  EXPECT_EQ(us("--engine any"), us(""));
  EXPECT_EQ(orrery_command("kernel --arch gpu/h100-sxm --op attention --q 1 --kv 1 --heads 1 --head-dim 64 "
                           "--engine tgi")
                .exit_code,
            2);
}

// A rail of the memory's own is not in a row's power.
TEST(ValidateCommand, RailsAreComparedApart) {
  const std::string header = "device,op,m,n,k,dtype,measured_us,measured_W,memory_W\n";
  const std::string row = "gpu/jetson-agx-orin,matmul,64,6144,4096,fp16,300,30,";
  const auto watts = [&](const std::string& memory, const std::string& quantity) {
    const CommandResult r = validated("rails.csv", header + row + memory + "\n",
                                      "--worst 1 --format json --quantity " + quantity);
    EXPECT_EQ(r.exit_code, 0) << r.err;
    return nlohmann::json::parse(r.out).at(0).at("worst").at(0).at("simulated").get<double>();
  };
  const double memory = watts("7", "memory_power");
  EXPECT_GT(memory, 1);
  EXPECT_NEAR(watts("7", "power") + memory, watts("", "power"), 1e-6);
}

}  // namespace
}  // namespace orrery::test
