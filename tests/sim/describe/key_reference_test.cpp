// The reference of keys: every value of a machine is told, with its unit and what it bears on.

#include "sim/describe/key_reference.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sim/config/arch_keys.h"

namespace orrery::test {
namespace {

TEST(KeyReference, TellsEachKeyOfAMachine) {
  const std::vector<KeyRow> rows = key_reference(Shape::object(kArch.table));
  const auto row = [&](const std::string& key) {
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const KeyRow& r) { return r.key == key; });
    EXPECT_NE(found, rows.end()) << key;
    return found == rows.end() ? KeyRow{} : *found;
  };
  EXPECT_GT(rows.size(), 120U);
  EXPECT_EQ(row("chip.clock_ghz").unit, "GHz");
  EXPECT_EQ(row("chip.clock_ghz").standing, "required");
  EXPECT_EQ(row("chip.clock_ghz").bears, "time");
  EXPECT_EQ(row("chip.cores.engines.vector_unit.lanes").value, "integer, at least 1, at most 1048576");
  EXPECT_EQ(row("chip.memory.dram.interleave_bytes").standing, "256");
  EXPECT_EQ(row("chip.area.die_cores").bears, "prices");
  EXPECT_EQ(row("node.link.energy_pj_per_bit").bears, "energy");
  for (const KeyRow& r : rows) EXPECT_FALSE(r.sentence.empty()) << r.key;
}

}  // namespace
}  // namespace orrery::test
