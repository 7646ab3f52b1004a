#include "sim/workload/formats/torch_operator.h"

#include <gtest/gtest.h>

#include "sim/workload/operator_counts.h"
#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

using Dims = std::vector<std::vector<std::uint64_t>>;

Operator torch(const std::string& name, const Dims& dims, const std::vector<std::string>& values = {}) {
  Coverage coverage("test");
  const auto op = torch_operator({name, dims, {"c10::Half"}, values}, ImportOptions{}, coverage);
  EXPECT_TRUE(op) << name;
  return op.value_or(Operator{});
}

TEST(TorchOperator, ShapesAreTheOperators) {
  EXPECT_EQ(std::get<MatmulShape>(torch("aten::mm", {{7, 5}, {5, 3}}).shape), (MatmulShape{1, 7, 3, 5}));
  EXPECT_EQ(std::get<MatmulShape>(torch("aten::bmm", {{4, 7, 5}, {4, 5, 3}}).shape),
            (MatmulShape{4, 7, 3, 5}));
  const Operator attention =
      torch("aten::_scaled_dot_product_flash_attention",
            {{2, 32, 128, 64}, {2, 8, 256, 64}, {2, 8, 256, 64}, {}, {}}, {"", "", "", "0.", "True"});
  AttentionShape shape{2, 32, 8, 64, 128, 256, true};
  EXPECT_EQ(std::get<AttentionShape>(attention.shape), shape);
  EXPECT_EQ(std::get<VectorShape>(torch("aten::add", {{2, 1, 6}, {3, 6}}).shape), (VectorShape{6, 6}));
  EXPECT_EQ(torch("aten::add", {{2, 6}, {}}).kind, OperatorKind::kv_append);  // and a number
  EXPECT_EQ(std::get<VectorShape>(torch("aten::embedding", {{50257, 768}, {4, 32}}).shape),
            (VectorShape{128, 768}));
  EXPECT_EQ(std::get<VectorShape>(torch("aten::native_layer_norm", {{4, 32, 768}, {}, {768}}).shape),
            (VectorShape{128, 768}));
}

// compute_log_sumexp, dropout_p, is_causal: a place each.
TEST(TorchOperator, OnlyIsCausalMakesAttentionCausal) {
  const Dims dims = {{2, 16, 64, 64}, {2, 16, 64, 64}, {2, 16, 64, 64}, {}, {}, {}, {}};
  const char* const efficient = "aten::_scaled_dot_product_efficient_attention";
  EXPECT_FALSE(
      std::get<AttentionShape>(torch(efficient, dims, {"", "", "", "", "True", "0.", "False", ""}).shape)
          .causal);
  EXPECT_TRUE(
      std::get<AttentionShape>(torch(efficient, dims, {"", "", "", "", "False", "0.", "True", ""}).shape)
          .causal);
}

// Biases and numbers are no second stream of data; whichever comes first.
TEST(TorchOperator, WhatIsBroadcastIsNotReadAsOftenAsTheResult) {
  for (const Dims& dims : {Dims{{32, 768}, {768}}, Dims{{}, {32, 768}}, Dims{{32, 1}, {32, 768}}}) {
    const Operator op = torch("aten::mul", dims);
    EXPECT_EQ(operator_bytes(op).read, 32U * 768 * 2);
    EXPECT_EQ(operator_bytes(op).written, 32U * 768 * 2);
  }
  EXPECT_EQ(operator_bytes(torch("aten::pow", {{}, {64}})).written, 128U);
}

TEST(TorchOperator, CompositesViewsAndUnknownNamesAreTold) {
  Coverage coverage("test");
  for (const char* name : {"aten::linear", "aten::view", "aten::empty", "aten::fft_fft2"})
    EXPECT_FALSE(torch_operator({name, {{4, 4}}, {"float"}, {}}, ImportOptions{}, coverage));
  EXPECT_FALSE(torch_operator({"aten::mm", {}, {}, {}}, ImportOptions{}, coverage));
  EXPECT_FALSE(torch_operator({"aten::mm", {{4, 4}, {4, 4}}, {"double"}, {}}, ImportOptions{}, coverage));
  EXPECT_EQ(coverage.ignored.size(), 3U);
  EXPECT_EQ(coverage.refused.size(), 2U);
  EXPECT_TRUE(coverage.understood.empty());
  ImportOptions asked;
  asked.dtype = DType::fp32;
  EXPECT_TRUE(torch_operator({"aten::mm", {{4, 4}, {4, 4}}, {"double"}, {}}, asked, coverage));
}

TEST(TorchOperator, ShapesThatDoNotFitAreRefused) {
  const auto error = [](const char* name, const Dims& dims) {
    return config_error([&] { torch(name, dims); });
  };
  EXPECT_NE(error("aten::bmm", {{4, 7, 5}, {3, 5, 3}}).find("batches of 4 and of 3"), std::string::npos);
  EXPECT_NE(error("aten::add", {{4, 5}, {3}}).find("cannot be broadcast"), std::string::npos);
  EXPECT_NE(error("aten::mm", {{4, 0}, {0, 3}}).find("has no shape"), std::string::npos);
  EXPECT_NE(error("aten::mm", {{1ULL << 40, 1ULL << 40}, {1ULL << 40, 3}}).find("beyond 2^64"),
            std::string::npos);
}

}  // namespace
}  // namespace orrery::test
