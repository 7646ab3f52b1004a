#include "sim/workload/formats/scale_sim.h"

#include <gtest/gtest.h>

#include "tests/support/command.h"
#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

std::vector<MatmulShape> products_of(const std::string& text) {
  const ImportedTrace trace = read_scale_sim(temporary_file("topology.csv", text), {});
  std::vector<MatmulShape> shapes;
  for (const Operator& op : trace.stream.prefill(0).operators)
    shapes.push_back(std::get<MatmulShape>(op.shape));
  return shapes;
}

TEST(ScaleSim, ProductsAreRead) {
  EXPECT_EQ(products_of("Layer,M,N,K,\nproj, 1024, 4800, 1600,\r\n\nqk,1024,1024,64\n"),
            (std::vector<MatmulShape>{{1, 1024, 4800, 1600}, {1, 1024, 1024, 64}}));
}

// AlexNet's and ResNet-50's first convolutions: 55 x 55 and 112 x 112 outputs.
TEST(ScaleSim, ConvolutionsAreProducts) {
  const std::string header =
      "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n";
  EXPECT_EQ(products_of(header + "Conv1, 227, 227, 11, 11, 3, 96, 4,\nConv, 229, 229, 7, 7, 3, 64, 2,\n"),
            (std::vector<MatmulShape>{{1, 55 * 55, 96, 363}, {1, 112 * 112, 64, 147}}));
  // A last step that does not fit counts.
  EXPECT_EQ(products_of(header + "Odd, 6, 5, 3, 3, 1, 1, 2,\n").front().m, 3U * 2U);
}

// Remarks, blank lines, version 3's column of sparsity, layers channel by channel.
TEST(ScaleSim, TopologiesAsTheyAreWritten) {
  EXPECT_EQ(products_of("# made by hand\n\nLayer,M,N,K,Sparsity,\n\na,8,16,32,1:1,\n"),
            (std::vector<MatmulShape>{{1, 8, 16, 32}}));
  const std::string path =
      temporary_file("topology.csv", "Layer,M,N,K,Sparsity\na,8,16,32,1:1\nb,8,16,32,2:4\n");
  std::vector<std::string> weights;
  for_each_graph(read_scale_sim(path, {}).stream,
                 [&](const OperatorGraph& graph, std::uint64_t, std::uint32_t) {
                   for (const Operator& op : graph.operators)
                     weights.push_back(name_of(op.inputs[1].format.sparsity));
                 });
  EXPECT_EQ(weights, (std::vector<std::string>{"dense", "2:4"}));
  for (const char* ratio : {"4:2", "0.5", "half", ""})
    EXPECT_NE(config_error([&] {
                read_scale_sim(temporary_file("topology.csv",
                                              std::string("Layer,M,N,K,Sparsity\na,8,16,32,") + ratio + "\n"),
                               {});
              }),
              "")
        << ratio;
  EXPECT_EQ(
      products_of(
          "Layer name,IFMAP Height,IFMAP Width,Filter Height,Filter Width,Channels,Num Filter,Strides,\n"
          "Conv2 DP,114,114,3,3,32,1,1,\n"),
      (std::vector<MatmulShape>{{32, 112 * 112, 1, 9}}));
}

TEST(ScaleSim, LayersFollowEachOther) {
  const ImportedTrace trace =
      read_scale_sim(temporary_file("topology.csv", "Layer,M,N,K\na,8,8,8\nb,8,8,8\n"), {});
  EXPECT_EQ(trace.stream.prefill(0).operators[1].deps, std::vector<std::uint32_t>{0});
  EXPECT_EQ(trace.stream.info().memory.weights, 2U * 8 * 8 * 2);
}

TEST(ScaleSim, FaultsNameTheLine) {
  const auto expect_fault = [](const std::string& text, const std::string& words) {
    const std::string error = config_error([&] { products_of(text); });
    EXPECT_NE(error.find(words), std::string::npos) << error;
  };
  expect_fault("Layer,M,N,K\na,8,-8,8\n", "topology.csv:2: column 'N' is '-8'");
  expect_fault("Layer,M,N,K\na,8,nan,8\n", "column 'N' is 'nan'");
  expect_fault("Layer,M,N,K\na,8,0,8\n", "column 'N' is '0'");
  expect_fault("Layer,M,N,K\na,8,8,8\nb,8,8\n", "topology.csv:3: 3 cells; the header has 4");
  expect_fault("Layer,M,N,K\n", "holds no operator");
  expect_fault("m,n,k\n1,2,3\n", "is a CSV table, but no topology of SCALE-Sim");
  expect_fault(
      "Layer name,IFMAP Height,IFMAP Width,Filter Height,Filter Width,Channels,Num Filter,Strides\n"
      "c,5,5,7,7,3,8,1\n",
      "a filter of 7 on an input of 5");
}

}  // namespace
}  // namespace orrery::test
