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

TEST(StoredFormat, RefusesWhatIsBeyondSixtyFourBits) {
  EXPECT_EQ(stored_as(DType::fp8).bytes(1000), 1000U);
  EXPECT_THROW(stored_as(DType::fp16).bytes(std::uint64_t{1} << 60), ConfigError);
}

}  // namespace
}  // namespace orrery
