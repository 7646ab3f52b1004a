#include "sim/workload/formats/chakra_reader.h"

#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <map>
#include <sstream>

#include "sim/config/name_lookup.h"
#include "sim/workload/formats/chakra_attributes.h"
#include "sim/workload/formats/chakra_writer.h"
#include "sim/workload/formats/delimited.h"
#include "sim/workload/formats/trace_reader.h"
#include "sim/workload/formats/trace_writer.h"
#include "sim/workload/operator_counts.h"
#include "tests/support/chakra_file.h"
#include "tests/support/command.h"
#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

std::string chakra_error(const ChakraFile& file, const std::string& name = "t.et") {
  const std::string path = file.write(name);
  return config_error([&] { read_chakra(path, {}); });
}

ImportedTrace read_file_of(const ChakraFile& file, const ImportOptions& options = {}) {
  return read_chakra(file.write("t.et"), options);
}

const std::vector<Operator>& operators(const ImportedTrace& trace, std::uint32_t rank = 0) {
  return trace.stream.graph(Phase::prefill, 0, rank).operators;
}

void contains(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << text << "\nlacks: " << part;
}

// Sizes are the array that a rank holds before: an all-gather's result is as many times that.
TEST(ChakraReader, SizesOfCollectivesAreOfARanksArray) {
  // int64 and uint64 sizes alike; types too.
  ChakraFile unsigned_file;
  chakra::Node& node = unsigned_file.node(chakra::COMM_COLL_NODE, "rs");
  attribute_u64(node, "comm_type", chakra::REDUCE_SCATTER);
  attribute_u64(node, "comm_size", 4096);
  ImportOptions eight;
  eight.devices = 8;
  const ImportedTrace scatter = read_file_of(unsigned_file, eight);
  EXPECT_EQ(std::get<CollectiveShape>(operators(scatter)[0].shape), (CollectiveShape{4096, 8}));

  ChakraFile two;
  two.collective(chakra::ALL_REDUCE, 4096);
  two.collective(chakra::ALL_GATHER, 4096, {1});
  two.collective(chakra::BARRIER, 0, {2});
  two.collective(chakra::REDUCE, 64, {3});
  const ImportedTrace trace = read_file_of(two, eight);
  ASSERT_EQ(operators(trace).size(), 2U);
  EXPECT_EQ(std::get<CollectiveShape>(operators(trace)[0].shape), (CollectiveShape{4096, 8}));
  EXPECT_EQ(std::get<CollectiveShape>(operators(trace)[1].shape), (CollectiveShape{8 * 4096, 8}));
  EXPECT_EQ(trace.coverage.ignored.at("BARRIER").count, 1U);
  EXPECT_EQ(trace.coverage.refused.at("REDUCE").count, 1U);
  ChakraFile sizeless;
  attribute(sizeless.node(chakra::COMM_COLL_NODE, "?"), "comm_type", chakra::ALL_REDUCE);
  contains(chakra_error(sizeless), "lacks attribute 'comm_size'");
}

// What stands between operators passes dependences on.
TEST(ChakraReader, NodesThatDoNothingPassDependencesOn) {
  ChakraFile file;
  attribute_u64(file.node(chakra::COMP_NODE, "a"), "num_ops", 2000);
  file.node(chakra::METADATA_NODE, "between", {1});
  file.node(chakra::METADATA_NODE, "between", {2});
  attribute_u64(file.node(chakra::COMP_NODE, "b", {3}), "num_ops", 2000);
  const ImportedTrace trace = read_file_of(file);
  ASSERT_EQ(operators(trace).size(), 2U);
  EXPECT_EQ(operators(trace)[1].deps, std::vector<std::uint32_t>{0});
}

TEST(ChakraReader, PyTorchOperatorsGoByTheirShapes) {
  ChakraFile file;
  chakra::Node& mm = file.node(chakra::COMP_NODE, "aten::addmm");
  mm.mutable_inputs()->set_shapes("[[4800], [1024, 1600], [1600, 4800], [], []]");
  mm.mutable_inputs()->set_types(
      "[\"Tensor(c10::BFloat16)\", \"Tensor(c10::BFloat16)\", \"Tensor(c10::BFloat16)\"]");
  file.node(chakra::COMP_NODE, "aten::view", {1});
  file.node(chakra::COMP_NODE, "ampere_bf16_gemm", {1});
  const ImportedTrace trace = read_file_of(file);
  ASSERT_EQ(operators(trace).size(), 1U);
  EXPECT_EQ(std::get<MatmulShape>(operators(trace)[0].shape), (MatmulShape{1, 1024, 4800, 1600}));
  EXPECT_EQ(operators(trace)[0].dtype, DType::bf16);
  EXPECT_EQ(trace.coverage.ignored.size(), 2U);
  EXPECT_TRUE(trace.coverage.refused.empty());
  mm.mutable_inputs()->set_shapes("[[4800], [1024, 1601], [1600, 4800]]");
  contains(chakra_error(file), "node 1 'aten::addmm'");
  contains(chakra_error(file), "1601 columns do not multiply 1600 rows");
  mm.mutable_inputs()->set_shapes("[[4800], [1024, -1600], [1600, 4800]]");
  contains(chakra_error(file), "are no shapes");
}

TEST(ChakraReader, WhatIsWrongIsSaidOnce) {
  ChakraFile negative;
  negative.collective(chakra::ALL_REDUCE, -4096);
  contains(chakra_error(negative), "attribute 'comm_size' is -4096");
  ChakraFile nan;
  chakra::Node& node = nan.node(chakra::COMP_NODE, "n");
  chakra::Attribute& ops = *node.add_attr();
  ops.set_name("num_ops");
  ops.set_double_val(std::numeric_limits<double>::quiet_NaN());
  contains(chakra_error(nan), "attribute 'num_ops' is nan");
  ChakraFile cycle;
  attribute_u64(cycle.node(chakra::COMP_NODE, "a", {2}), "num_ops", 2000);
  cycle.node(chakra::METADATA_NODE, "b", {1});
  contains(chakra_error(cycle), "nodes wait for each other: 1 needs 2 needs 1");
  ChakraFile unknown;
  attribute_u64(unknown.node(chakra::COMP_NODE, "a", {7}), "num_ops", 2000);
  contains(chakra_error(unknown), "it waits for node 7, which the file lacks");
  ChakraFile far;
  far.transfer(true, 5, 64);
  contains(chakra_error(far), "rank 0 of 1 ranks sends to rank 5");
  contains(chakra_error(ChakraFile()), "holds no operator that Orrery can run");
}

// Cut anywhere, it is refused, unless the cut lies between two nodes.
TEST(ChakraReader, ACutFileIsRefused) {
  ChakraFile file;
  file.collective(chakra::ALL_REDUCE, 4096);
  const std::string bytes = file.bytes();
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    const std::string path = temporary_file("cut.et", bytes.substr(0, n));
    const std::string error = config_error([&] { read_chakra(path, {}); });
    EXPECT_FALSE(error.empty()) << n;
    if (n > 8) contains(error, "cut short");
  }
}

// Rank 0 sends to 1 after its work; 1 then does its own.
TEST(ChakraReader, RanksThatDifferMeet) {
  ChakraFile first;
  attribute_u64(first.node(chakra::COMP_NODE, "work"), "num_ops", 1U << 30);
  first.transfer(true, 1, 1U << 20, {1});
  first.collective(chakra::ALL_REDUCE, 4096, {2});
  ChakraFile second;
  second.transfer(false, 0, 1U << 20);
  attribute_u64(second.node(chakra::COMP_NODE, "work", {1}), "num_ops", 1U << 30);
  second.collective(chakra::ALL_REDUCE, 4096, {2});
  const std::string path = first.write("pair.0.et");
  second.write("pair.1.et");
  const ImportedTrace trace = read_chakra(path, {});
  EXPECT_EQ(trace.stream.info().ranks, 2U);
  EXPECT_EQ(operators(trace, 0)[1].meeting, operators(trace, 1)[0].meeting);
  EXPECT_EQ(operators(trace, 0)[2].meeting, operators(trace, 1)[2].meeting);
  EXPECT_NE(operators(trace, 0)[1].meeting, operators(trace, 0)[2].meeting);
  EXPECT_FALSE(operators(trace, 0)[0].meeting);
  ChakraFile deserter;
  attribute_u64(deserter.node(chakra::COMP_NODE, "work"), "num_ops", 1U << 30);
  deserter.write("pair.1.et");
  contains(config_error([&] { read_chakra(path, {}); }), "rank 1 never comes to: ");
  temporary_file("pair.3.et", deserter.bytes());
  contains(config_error([&] { read_chakra(path, {}); }), "pair.2.et: is missing");
}

// What ranks come to is one thing, and both ends of a transfer come.
TEST(ChakraReader, RanksThatDisagreeAreRefused) {
  const auto error_of = [](const ChakraFile& first, const ChakraFile& second) {
    const std::string path = first.write("disagree.0.et");
    second.write("disagree.1.et");
    return config_error([&] { read_chakra(path, {}); });
  };
  const auto one = [](chakra::CollectiveCommType type, std::int64_t bytes) {
    ChakraFile file;
    file.collective(type, bytes);
    return file;
  };
  contains(error_of(one(chakra::ALL_REDUCE, 1024), one(chakra::ALL_REDUCE, 2048)),
           "rank 1 comes with all_reduce of 2048 bytes");
  contains(error_of(one(chakra::ALL_REDUCE, 1024), one(chakra::ALL_GATHER, 512)),
           "rank 1 comes with all_gather of 1024 bytes");
  ChakraFile receives;
  receives.transfer(false, 1, 64);
  ChakraFile receives_too;
  receives_too.transfer(false, 0, 64);
  contains(error_of(receives, receives_too), "never comes to: transfer from rank");
}

// As Chakra's own converter prints lists, and its kernels' names.
TEST(ChakraReader, ListsMayBePythons) {
  ChakraFile file;
  chakra::Node& mm = file.node(chakra::COMP_NODE, "aten::mm");
  mm.mutable_inputs()->set_shapes("[[16, 32], [32, 64]]");
  mm.mutable_inputs()->set_types("['Tensor(c10::BFloat16)', 'Tensor(c10::BFloat16)']");
  file.node(chakra::COMP_NODE, "autograd::engine::evaluate_function: MmBackward0", {1});
  file.node(chakra::COMP_NODE, "void at::native::vectorized_elementwise_kernel<4, float>(int)", {1});
  const ImportedTrace trace = read_file_of(file);
  EXPECT_TRUE(trace.coverage.refused.empty()) << describe(trace.coverage);
  EXPECT_EQ(operators(trace).at(0).dtype, DType::bf16);
}

TEST(ChakraReader, GroupsAreOfTheFileBesideIt) {
  for (std::uint32_t rank = 0; rank < 4; ++rank) {
    ChakraFile file;
    chakra::Node& node = file.collective(chakra::ALL_REDUCE, 4096);
    chakra::Attribute& group = *node.add_attr();
    group.set_name("pg_name");
    group.set_string_val(rank % 2 == 0 ? "even" : "odd");
    file.write("grouped." + std::to_string(rank) + ".et");
  }
  temporary_file("grouped.comm_group.json", R"({"even": [0, 2], "odd": [1, 3]})");
  const std::string path = temporary_folder() + "/grouped.0.et";
  const ImportedTrace trace = read_chakra(path, {});
  EXPECT_EQ(trace.stream.info().ranks, 1U);  // alike
  EXPECT_EQ(std::get<CollectiveShape>(operators(trace)[0].shape), (CollectiveShape{4096, 2, 2}));
  temporary_file("grouped.comm_group.json", R"({"even": [0, -2]})");
  contains(config_error([&] { read_chakra(path, {}); }), "grouped.comm_group.json: expected lists of ranks");
}

// Other tools find who sends to whom: stage 0 of each of two tensor-parallel devices to stage 1's.
TEST(ChakraReader, StagesSendAndReceive) {
  Scenario scenario;
  scenario.input = 8;
  scenario.output = 2;
  scenario.split.tensor = scenario.split.pipeline = 2;
  LlmSpec llm = load_llm_named("llama-2-7b");
  llm.keep_layers(2);
  const ModelStream stream(llm, scenario, {}, 8192);
  write_chakra(stream, temporary_folder() + "/staged.et");
  std::size_t sent = 0;
  for_each_graph(stream, [&](const OperatorGraph& graph, std::uint64_t, std::uint32_t) {
    for (const Operator& op : graph.operators) sent += op.kind == OperatorKind::send_recv ? 1 : 0;
  });
  ASSERT_GE(sent, 2U);
  std::map<std::string, std::vector<std::uint64_t>> ends;  // of transfers, by rank and type
  for (int rank = 0; rank < 4; ++rank) {
    const std::string file = temporary_folder() + "/staged." + std::to_string(rank) + ".et";
    std::ifstream in(file, std::ios::binary);
    DelimitedReader messages(in, file);
    chakra::GlobalMetadata metadata;
    ASSERT_TRUE(messages.next(metadata));
    chakra::Node node;
    while (messages.next(node)) {
      const ChakraAttributes attributes(node.attr(), file);
      if (node.type() == chakra::COMM_SEND_NODE)
        ends["s" + std::to_string(rank)].push_back(attributes.count("comm_dst").value_or(99));
      if (node.type() == chakra::COMM_RECV_NODE)
        ends["r" + std::to_string(rank)].push_back(attributes.count("comm_src").value_or(99));
    }
  }
  using Ends = std::map<std::string, std::vector<std::uint64_t>>;
  const auto all = [sent](std::uint64_t peer) { return std::vector<std::uint64_t>(sent, peer); };
  EXPECT_EQ(ends, (Ends{{"s0", all(2)}, {"s1", all(3)}, {"r2", all(0)}, {"r3", all(1)}}));
}

// Ranks that differ, as other tools write them, through Orrery's own lines and Chakra's again.
TEST(ChakraReader, RanksThatDifferSurviveBothFormats) {
  ChakraFile first;
  attribute_u64(first.node(chakra::COMP_NODE, "work"), "num_ops", 1U << 30);
  first.transfer(true, 1, 1U << 20, {1});
  ChakraFile second;
  second.transfer(false, 0, 1U << 20);
  const std::string path = first.write("differ.0.et");
  second.write("differ.1.et");
  const ImportedTrace trace = read_chakra(path, {});
  write_chakra(trace.stream, temporary_folder() + "/again.et");
  std::ostringstream ours;
  std::ostringstream again;
  write_trace(trace.stream, ours);
  write_trace(read_chakra(temporary_folder() + "/again.0.et", {}).stream, again);
  EXPECT_EQ(ours.str(), again.str());
  std::istringstream lines(ours.str());
  std::ostringstream written;
  write_trace(read_trace(lines, "t"), written);
  EXPECT_EQ(ours.str(), written.str());
}

// Longer than what a model's stream keeps of its graphs.
TEST(ChakraReader, ALongPipelineIsWrittenWhole) {
  Scenario scenario;
  scenario.batch = 2;
  scenario.input = 4;
  scenario.output = 80;
  scenario.split.pipeline = 2;
  LlmSpec llm = load_llm_named("llama-2-7b");
  llm.keep_layers(2);
  const ModelStream stream(llm, scenario, {}, 8192);
  write_chakra(stream, temporary_folder() + "/long.et");
  std::ostringstream first;
  std::ostringstream again;
  write_trace(stream, first);
  write_trace(read_chakra(temporary_folder() + "/long.0.et", {}).stream, again);
  EXPECT_TRUE(first.str() == again.str());
}

// What is written is read, to the last tensor; of pipelines and of single devices.
TEST(ChakraReader, ReadsWhatOrreryWrites) {
  for (const std::uint32_t stages : {1U, 2U}) {
    Scenario scenario;
    scenario.batch = 2;
    scenario.input = 8;
    scenario.output = 3;
    scenario.split.tensor = 2;
    scenario.split.pipeline = stages;
    ExecutionSpec execution;
    execution.fused = {FusedOperator::attention};
    LlmSpec llm = load_llm_named("llama-2-7b");
    llm.keep_layers(2);
    const ModelStream stream(llm, scenario, execution, 8192);
    const std::string path = temporary_folder() + "/own" + std::to_string(stages) + ".et";
    write_chakra(stream, path);
    std::ostringstream first;
    std::ostringstream again;
    write_trace(stream, first);
    write_trace(read_chakra(temporary_folder() + "/own" + std::to_string(stages) + ".1.et", {}).stream,
                again);
    EXPECT_EQ(first.str(), again.str());
  }
}

}  // namespace
}  // namespace orrery::test
