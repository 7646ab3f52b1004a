#include "sim/workload/formats/kineto_reader.h"

#include <gtest/gtest.h>

#include "tests/support/command.h"
#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

std::string host_event(const std::string& name, int at, const std::string& dims, int id) {
  return R"({"ph": "X", "cat": "cpu_op", "name": ")" + name + R"(", "pid": 1, "tid": 1, "ts": )" +
         std::to_string(at) + R"(, "dur": 5, "args": {"External id": )" + std::to_string(id) +
         R"(, "Input Dims": )" + dims +
         R"(, "Input type": ["c10::BFloat16", "c10::BFloat16", "c10::BFloat16"], "Concrete Inputs": ["", "", ""]}})";
}

std::string kernel_event(const std::string& name, int id) {
  return R"({"ph": "X", "cat": "kernel", "name": ")" + name +
         R"(", "ts": 900, "dur": 7, "args": {"External id": )" + std::to_string(id) + R"(, "stream": 7}})";
}

std::string collective_event(const std::string& name, int in, int out, int group) {
  return R"({"ph": "X", "cat": "cpu_op", "name": "record_param_comms", "ts": 500, "args": {"Collective name": ")" +
         name + R"(", "dtype": "BFloat16", "In msg nelems": )" + std::to_string(in) +
         R"(, "Out msg nelems": )" + std::to_string(out) + R"(, "Group size": )" + std::to_string(group) +
         "}}";
}

std::string profile(const std::vector<std::string>& events, const std::string& more = "") {
  std::string all;
  for (const std::string& event : events) all += (all.empty() ? "" : ",\n") + event;
  return R"({"schemaVersion": 1, "deviceProperties": [], )" + more + R"("traceEvents": [)" + all +
         R"(], "traceName": "t"})";
}

ImportedTrace read_profile(const std::string& text, const ImportOptions& options = {}) {
  return read_kineto(temporary_file("profile.json", text), options);
}

// In the order in which they began, whatever the order in the file; composites, views and kernels aside.
TEST(KinetoReader, OperatorsAreCountedOnce) {
  const ImportedTrace trace = read_profile(profile({
      host_event("aten::addmm", 20, "[[4800], [1024, 1600], [1600, 4800], [], []]", 2),
      host_event("aten::linear", 19, "[[1, 1024, 1600], [4800, 1600], [4800]]", 1),
      host_event("aten::gelu", 40, "[[1024, 4800]]", 3),
      host_event("aten::view", 30, "[[1024, 4800], []]", 4),
      kernel_event("ampere_bf16_s16816gemm<128>", 2),
      kernel_event("void at::native::gelu(int)", 3),
      R"({"ph": "X", "cat": "user_annotation", "name": "ProfilerStep#3", "ts": 1})",
      R"({"ph": "X", "cat": "cuda_runtime", "name": "cudaLaunchKernel", "ts": 21})",
  }));
  const auto& operators = trace.stream.prefill(0).operators;
  ASSERT_EQ(operators.size(), 2U);
  EXPECT_EQ(std::get<MatmulShape>(operators[0].shape), (MatmulShape{1, 1024, 4800, 1600}));
  EXPECT_EQ(operators[0].dtype, DType::bf16);
  EXPECT_EQ(operators[1].deps, std::vector<std::uint32_t>{0});
  EXPECT_TRUE(trace.coverage.refused.empty()) << describe(trace.coverage);
  EXPECT_EQ(trace.coverage.ignored.at("kernels").count, 2U);
}

// Compiled and custom code is work that nobody can shape: it is refused by name, not dropped.
TEST(KinetoReader, KernelsOfNobodyAreRefused) {
  const ImportedTrace trace = read_profile(profile({
      host_event("aten::mm", 20, "[[4, 4], [4, 4]]", 2),
      R"({"ph": "X", "cat": "cpu_op", "name": "Torch-Compiled Region", "ts": 30, "args": {"External id": 5}})",
      kernel_event("triton_poi_fused_add_0", 5),
      host_event("vllm::rms_norm", 40, "[[4, 4], [4]]", 6),
  }));
  EXPECT_EQ(trace.coverage.refused.size(), 2U) << describe(trace.coverage);
  EXPECT_EQ(trace.coverage.refused.at("kernel triton_poi_fused_add_0").count, 1U);
  EXPECT_EQ(trace.coverage.refused.at("vllm::rms_norm").count, 1U);
}

// A part of a counted operator is not counted again; what has no parts on record is not dropped.
TEST(KinetoReader, PartsAreCountedWithTheirOperator) {
  const ImportedTrace nested = read_profile(profile({
      host_event("aten::embedding", 20, "[[32000, 4096], [1, 512], [], [], []]", 1),
      host_event("aten::index_select", 21, "[[32000, 4096], [], [512]]", 2),
      kernel_event("indexSelectLargeIndex", 2),
      host_event("aten::relu", 40, "[[512, 4096]]", 3),
      host_event("aten::clamp_min", 41, "[[512, 4096], []]", 4),
  }));
  EXPECT_EQ(nested.stream.prefill(0).operators.size(), 2U);
  EXPECT_TRUE(nested.coverage.refused.empty()) << describe(nested.coverage);
  const ImportedTrace hollow = read_profile(profile({host_event("aten::mm", 20, "[[4, 4], [4, 4]]", 1),
                                                     host_event("aten::linear", 40, "[[4, 4], [4, 4]]", 2)}));
  EXPECT_EQ(hollow.coverage.refused.at("aten::linear").count, 1U);
}

// A kernel is its launcher's, by the launch's correlation where the kernel does not say.
TEST(KinetoReader, KernelsBelongToWhoLaunchedThem) {
  const std::string launch =
      R"({"ph": "X", "cat": "cuda_runtime", "name": "cudaLaunchKernel", "ts": 21, "args": {"External id": 2, "correlation": 77}})";
  const auto kernel = [](const std::string& name, int correlation) {
    return R"({"ph": "X", "cat": "kernel", "name": ")" + name + R"(", "ts": 30, "args": {"correlation": )" +
           std::to_string(correlation) + "}}";
  };
  const std::string mm = host_event("aten::mm", 20, "[[4, 4], [4, 4]]", 2);
  EXPECT_TRUE(read_profile(profile({mm, launch, kernel("gemm", 77)})).coverage.refused.empty());
  EXPECT_EQ(read_profile(profile({mm, launch, kernel("triton_red_0", 78)})).coverage.refused.size(), 1U);
}

TEST(KinetoReader, CollectivesAreOfTheirGroups) {
  const std::string world = R"("distributedInfo": {"backend": "nccl", "rank": 0, "world_size": 8}, )";
  const ImportedTrace trace = read_profile(
      profile({collective_event("allreduce", 1000, 1000, 8),
               collective_event("_allgather_base", 1000, 4000, 4), collective_event("barrier", 0, 0, 8)},
              world));
  const auto& operators = trace.stream.prefill(0).operators;
  ASSERT_EQ(operators.size(), 2U);
  EXPECT_EQ(std::get<CollectiveShape>(operators[0].shape), (CollectiveShape{2000, 8}));
  EXPECT_EQ(std::get<CollectiveShape>(operators[1].shape), (CollectiveShape{8000, 4}));
  EXPECT_EQ(trace.stream.info().scenario.split.devices(), 8U);
  // Without a size, a collective's kernel is no work that can be run.
  const ImportedTrace unsized =
      read_profile(profile({host_event("aten::mm", 20, "[[4, 4], [4, 4]]", 2),
                            kernel_event("ncclDevKernel_AllReduce_Sum_bf16_RING", 7)}));
  EXPECT_EQ(unsized.coverage.refused.size(), 1U) << describe(unsized.coverage);
}

TEST(KinetoReader, FaultsNameTheEvent) {
  const auto expect_fault = [](const std::string& text, const std::string& words) {
    const std::string error = config_error([&] { read_profile(text); });
    EXPECT_NE(error.find(words), std::string::npos) << error;
  };
  const std::string good = profile({host_event("aten::mm", 20, "[[4, 4], [4, 4]]", 2)});
  for (const std::size_t n : {good.size() - 1, good.size() / 2, std::size_t{40}})
    expect_fault(good.substr(0, n), "is no whole JSON of a PyTorch profile");
  expect_fault(profile({host_event("aten::mm", 20, "[[4, -4], [4, 4]]", 2)}),
               "event 'aten::mm': 'Input Dims' has -4");
  expect_fault(profile({host_event("aten::mm", 20, "[[4, NaN], [4, 4]]", 2)}), "is no whole JSON");
  expect_fault(profile({host_event("aten::mm", 20, "[[4, 5], [4, 4]]", 2)}),
               "5 columns do not multiply 4 rows");
  expect_fault(profile({collective_event("allreduce", -5, 5, 1)}), "'In msg nelems' is -5");
  expect_fault(profile({}), "holds no operator that Orrery can run");
  expect_fault(R"({"schemaVersion": 1, "deviceProperties": []})", "has no 'traceEvents'");
  expect_fault(profile({host_event("aten::mm", 20, "[]", 2)}), "its shapes were not recorded");
}

}  // namespace
}  // namespace orrery::test
