// Reads that cores of a cluster have in common: one for all, and never the same one twice for a core.

#include "models/noc/cluster_reads.h"

#include <gtest/gtest.h>

namespace orrery::test {
namespace {

Granule asked_by(std::uint32_t core, std::uint32_t entry, std::uint64_t offset = 0) {
  Granule granule;
  granule.source = CoreId{core};
  granule.entry = entry;
  granule.offset = Bytes{offset};
  granule.cluster = 4;
  return granule;
}

TEST(ClusterReads, ServeEachCoreOnce) {
  ClusterReads reads;
  EXPECT_EQ(reads.join(asked_by(1, 7)), nullptr);
  reads.add(asked_by(1, 7), 1000);
  for (const std::uint32_t mate : {0U, 3U}) {
    ASSERT_NE(reads.join(asked_by(mate, 7)), nullptr);
    EXPECT_EQ(reads.join(asked_by(mate, 7)), nullptr);  // again: another read
  }
  EXPECT_EQ(reads.join(asked_by(1, 7)), nullptr);      // its own
  EXPECT_EQ(reads.join(asked_by(2, 8)), nullptr);      // another tile,
  EXPECT_EQ(reads.join(asked_by(2, 7, 64)), nullptr);  // another part of it,
  EXPECT_EQ(reads.join(asked_by(5, 7)), nullptr);      // another cluster
  EXPECT_EQ(reads.join(asked_by(2, 7))->ready, 1000);
  reads.reset();
  EXPECT_EQ(reads.join(asked_by(0, 7)), nullptr);
}

TEST(ClusterReads, ForgetWhatIsLongPast) {
  ClusterReads reads;
  for (std::uint32_t entry = 0; entry < 100; ++entry) reads.add(asked_by(0, entry), 1);
  EXPECT_EQ(reads.join(asked_by(1, 0)), nullptr);
  EXPECT_NE(reads.join(asked_by(1, 99)), nullptr);
}

}  // namespace
}  // namespace orrery::test
