#include "sim/util/sparsity.h"

#include <gtest/gtest.h>

namespace orrery {
namespace {

Sparsity word_of(const std::string& word) {
  return sparsity_named(word).value();
}

TEST(Sparsity, WordsAreReadAndWrittenAlike) {
  for (const char* word :
       {"dense", "2:4", "1:8", "128:256", "0.3", "0.000001", "0.999999", "32x64:0.25", "circulant:16"})
    EXPECT_EQ(name_of(word_of(word)), word);
  EXPECT_EQ(word_of(".5"), word_of("0.5"));
  EXPECT_TRUE(word_of("dense").is_dense());
  EXPECT_EQ(word_of("32x64:0.25").block_rows, 32U);
  EXPECT_EQ(word_of("32x64:0.25").block_cols, 64U);
  EXPECT_DOUBLE_EQ(word_of("32x64:0.25").share(), 0.25);
}

TEST(Sparsity, WhatKeepsNothingOrAllIsNone) {
  for (const char* word : {"",
                           "2",
                           "2:",
                           ":4",
                           "4:2",
                           "4:4",
                           "0:4",
                           "2:257",
                           "1",
                           "0",
                           "0.0",
                           "1.0",
                           "-0.3",
                           "nan",
                           "0.0000001",
                           "0.9999999",
                           "32x64",
                           "0x64:0.3",
                           "32x64:1",
                           "32x64:0",
                           "99999x1:0.5",
                           "2:4 ",
                           "0.3e1",
                           "99999999999999999999:4",
                           "circulant",
                           "circulant:0",
                           "circulant:1",
                           "circulant:12",
                           "circulant:8192"})
    EXPECT_FALSE(sparsity_named(word)) << word;
}

TEST(Sparsity, KeptElementsAreRoundedUpAndDoNotWrap) {
  EXPECT_EQ(word_of("2:4").kept_of(1000), 500U);
  EXPECT_EQ(word_of("2:4").kept_of(3), 2U);
  EXPECT_EQ(word_of("0.3").kept_of(10), 3U);
  EXPECT_EQ(word_of("0.3").kept_of(11), 4U);
  EXPECT_EQ(word_of("dense").kept_of(UINT64_MAX), UINT64_MAX);
  EXPECT_EQ(word_of("2:4").kept_of(UINT64_MAX), std::uint64_t{1} << 63);
}

TEST(Sparsity, CirculantBlocksFitTheMatrix) {
  EXPECT_EQ(misfit_of(word_of("circulant:16"), 16, 17), "");
  EXPECT_NE(misfit_of(word_of("circulant:16"), 64, 8).find("16 x 16 do not fit into 64 x 8"),
            std::string::npos);
  EXPECT_EQ(misfit_of(word_of("32x64:0.25"), 1, 1), "");
}

TEST(Sparsity, PatternsThatKeepNoMoreAnywhereSatisfyAnother) {
  for (const auto& [own, other] : {std::pair("2:4", "2:4"),
                                   {"1:4", "2:4"},
                                   {"1:2", "2:4"},
                                   {"2:8", "2:4"},
                                   {"1:8", "2:4"},
                                   {"2:4", "4:8"}})
    EXPECT_TRUE(word_of(own).satisfies(word_of(other))) << own << " " << other;
  for (const auto& [own, other] : {std::pair("3:4", "2:4"),
                                   {"4:8", "2:4"},
                                   {"3:8", "2:4"},
                                   {"1:3", "2:4"},
                                   {"0.1", "2:4"},
                                   {"2:4", "0.5"}})
    EXPECT_FALSE(word_of(own).satisfies(word_of(other))) << own << " " << other;
}

}  // namespace
}  // namespace orrery
