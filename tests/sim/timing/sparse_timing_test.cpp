#include "sim/timing/sparse_timing.h"

#include <gtest/gtest.h>

namespace orrery {
namespace {

Sparsity of(const std::string& word) {
  return sparsity_named(word).value();
}

DotProductArraySpec that_skips(const std::vector<Sparsity>& patterns) {
  DotProductArraySpec spec;
  spec.n = 8;
  spec.skips = patterns;
  return spec;
}

TEST(SparseTiming, AnEngineMultipliesWhatItsClosestPatternKeeps) {
  const MatrixEngineSpec engine = that_skips({of("2:4"), of("1:8")});
  EXPECT_EQ(multiplied_length(engine, of("2:4"), 64, 128), 64U);
  EXPECT_EQ(multiplied_length(engine, of("1:4"), 64, 128), 64U);  // no closer one
  EXPECT_EQ(multiplied_length(engine, of("1:8"), 64, 128), 16U);
  EXPECT_EQ(multiplied_length(engine, of("4:8"), 64, 128), 128U);  // may lie in one half
  EXPECT_EQ(multiplied_length(engine, of("0.1"), 64, 128), 128U);
  EXPECT_EQ(multiplied_length(engine, of("32x32:0.1"), 64, 128), 128U);
  EXPECT_EQ(multiplied_length(engine, of("2:4"), 64, 3), 2U);
  EXPECT_TRUE(skips(engine, of("1:4")));
  EXPECT_FALSE(skips(engine, of("4:8")));
  EXPECT_FALSE(skips(engine, of("dense")));
  EXPECT_DOUBLE_EQ(multiplied_share(engine, of("1:8")), 0.125);
  EXPECT_DOUBLE_EQ(multiplied_share(engine, of("0.1")), 1);
  EXPECT_DOUBLE_EQ(multiplied_share(engine, of("32x32:0.1")), 0.1);
}

// 2 x 1024 / 16 products of spectra, transforms of 4 MACs an element of inputs over 64 columns and of
// results.
TEST(SparseTiming, CirculantBlocksAreMultipliedBetweenTransforms) {
  const MatrixEngineSpec engine = that_skips({of("circulant:64")});
  EXPECT_EQ(multiplied_length(engine, of("circulant:16"), 64, 1024), 128U + 64 + 4);
  EXPECT_EQ(multiplied_length(engine, of("circulant:64"), 1024, 1024), 32U + 6 + 6);
  EXPECT_EQ(multiplied_length(engine, of("circulant:2"), 8, 64), 64U);         // never longer than as it is
  EXPECT_EQ(multiplied_length(engine, of("circulant:128"), 64, 1024), 1024U);  // longer than its transforms
  EXPECT_FALSE(skips(engine, of("2:4")));
  EXPECT_FALSE(skips(that_skips({of("2:4")}), of("circulant:16")));
  EXPECT_DOUBLE_EQ(multiplied_share(engine, of("circulant:16")), 1.0 / 16);
}

// Columns side by side wait for the fullest of them: more for more columns, relatively less for longer ones,
// and never longer than dense.
TEST(SparseTiming, ColumnsOfUnlikeWeightsWaitForTheFullest) {
  Sparsity any;
  any.kind = SparsityKind::unstructured;
  const MatrixEngineSpec engine = that_skips({any});
  EXPECT_EQ(multiplied_length(engine, of("0.25"), 1, 1024), 256U);  // one waits for none
  // 256 + sqrt(2 x 1024 x 0.25 x 0.75 x ln 8) = 256 + 28.26
  EXPECT_EQ(multiplied_length(engine, of("0.25"), 8, 1024), 285U);
  EXPECT_EQ(multiplied_length(engine, of("0.25"), 64, 1024), 285U);  // eight side by side
  EXPECT_EQ(multiplied_length(engine, of("0.9"), 8, 4), 4U);
  EXPECT_EQ(multiplied_length(engine, of("2:4"), 8, 1024), 512U);  // as many in each
  EXPECT_DOUBLE_EQ(multiplied_share(engine, of("0.25")), 0.25);
}

}  // namespace
}  // namespace orrery
