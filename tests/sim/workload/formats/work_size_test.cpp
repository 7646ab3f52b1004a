#include "sim/workload/formats/work_size.h"

#include <gtest/gtest.h>

#include "sim/workload/operator_counts.h"

namespace orrery::test {
namespace {

TEST(WorkSize, HasTheOperationsAndTheBytesThatWereAskedFor) {
  Coverage coverage("test");
  // 16 rows through a matrix of 4096 x 4096, and as many rows as columns.
  for (const std::uint64_t rows : {16U, 4096U}) {
    const std::uint64_t flops = 2 * rows * 4096 * 4096;
    const std::uint64_t bytes = 2 * (2 * rows * 4096 + 4096 * 4096);
    const Operator op = operator_of_size(flops, bytes, DType::fp16, coverage);
    EXPECT_EQ(std::get<MatmulShape>(op.shape), (MatmulShape{1, rows, 4096, 4096}));
  }
  EXPECT_EQ(coverage.assumed.size(), 1U);
}

TEST(WorkSize, FewerBytesThanAnyProductNeedsAreACube) {
  Coverage coverage("test");
  const Operator op = operator_of_size(2'000'000'000, 1, DType::fp16, coverage);
  EXPECT_EQ(std::get<MatmulShape>(op.shape), (MatmulShape{1, 1000, 1000, 1000}));
}

TEST(WorkSize, BytesAloneAreACopy) {
  Coverage coverage("test");
  const Operator op = operator_of_size(0, 4096, DType::fp16, coverage);
  EXPECT_EQ(operator_bytes(op).read + operator_bytes(op).written, 4096U);
}

}  // namespace
}  // namespace orrery::test
