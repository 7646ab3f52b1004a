#include "sim/util/stored_format.h"

#include <gtest/gtest.h>

#include "sim/util/errors.h"

namespace orrery {
namespace {

TEST(ElementBits, PackElementsIntoWholeBytes) {
  EXPECT_EQ(ElementBits::of(16).bytes(3), 6U);
  EXPECT_EQ(ElementBits::of(4).bytes(3), 2U);
  EXPECT_EQ(ElementBits::of(8).bytes(0), 0U);
  EXPECT_EQ((ElementBits::of(4) * 3).bytes(2), 3U);
}

TEST(ElementBits, HoldAShareOfWhatABlockHasInCommon) {
  // A scale of 16 bits and a zero point of 4 for 128 weights of 4.
  const ElementBits awq = ElementBits::of(4) + ElementBits::shared(16, 128) + ElementBits::shared(4, 128);
  EXPECT_DOUBLE_EQ(awq.real(), 4.15625);
  EXPECT_EQ(awq.bytes(128), 128U * 4 / 8 + 2 + 1);  // half a byte of zero point is rounded up
  EXPECT_EQ(awq.bytes(256), 256U * 4 / 8 + 4 + 1);
  EXPECT_DOUBLE_EQ((ElementBits::of(8) + ElementBits::shared(32, 128 * 128)).real(), 8 + 2.0 / 1024);
}

TEST(StoredFormat, SparseOnesStoreWhatTheyKeepAndWhichThatIs) {
  const auto bits = [](DType dtype, const char* pattern) {
    return sparse(stored_as(dtype), *sparsity_named(pattern)).bits.real();
  };
  EXPECT_DOUBLE_EQ(bits(DType::fp16, "dense"), 16);
  EXPECT_DOUBLE_EQ(bits(DType::fp16, "2:4"), 8 + 2 * 0.5);
  EXPECT_DOUBLE_EQ(bits(DType::int8, "2:4"), 4 + 2 * 0.5);
  EXPECT_DOUBLE_EQ(bits(DType::fp16, "1:8"), 2 + 3 * 0.125);
  EXPECT_DOUBLE_EQ(bits(DType::fp16, "5:10"), 8 + 4 * 0.5);
  // Scales are of blocks of all elements: 8 bits for 16 of nvfp4.
  EXPECT_DOUBLE_EQ(bits(DType::nvfp4, "2:4"), 2 + 0.5 + 2 * 0.5);
  // Blocks keep theirs, and an index of 32 bits each.
  EXPECT_DOUBLE_EQ(bits(DType::nvfp4, "16x16:0.5"), 4.5 / 2 + 32 / 256.0 / 2);
  EXPECT_DOUBLE_EQ(bits(DType::fp16, "0.5"), 8 + 1);                // a bitmap
  EXPECT_NEAR(bits(DType::fp16, "0.01"), 0.16 + 0.16, 2.0 / 1024);  // an index each
}

// A block that is one row, turned, has the scales of one row.
TEST(StoredFormat, CirculantBlocksKeepTheirPartOfTheScales) {
  const StoredFormat blocks = sparse(stored_as(DType::mxfp4), *sparsity_named("circulant:16"));
  EXPECT_NEAR(blocks.bits.real(), (4 + 8.0 / 32) / 16, 1e-3);
}

TEST(StoredFormat, NamesSayWhatIsKept) {
  EXPECT_EQ(name_of(sparse(stored_as(DType::fp8), *sparsity_named("2:4"))), "fp8 2:4");
  EXPECT_EQ(name_of(sparse(*stored_format_named("q4_k"), *sparsity_named("0.5"))), "int4 0.5 of 3.5 bits");
  EXPECT_NE(sparse(stored_as(DType::fp8), *sparsity_named("2:4")), stored_as(DType::fp8));
}

TEST(StoredFormat, RefusesWhatIsBeyondSixtyFourBits) {
  EXPECT_EQ(stored_as(DType::fp8).bytes(1000), 1000U);
  EXPECT_THROW(stored_as(DType::fp16).bytes(std::uint64_t{1} << 60), ConfigError);
}

}  // namespace
}  // namespace orrery
