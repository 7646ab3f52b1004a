#include "sim/report/csv.h"

#include <gtest/gtest.h>

namespace orrery::test {
namespace {

using nlohmann::ordered_json;

TEST(Csv, NestedKeysAreColumnsAndTextIsInert) {
  EXPECT_EQ(
      to_csv({ordered_json{{"a", 1}, {"b", {{"c", "x,y"}, {"d", nullptr}}}}, ordered_json{{"a", -2.5}}}),
      "a,b.c,b.d\n1,\"x,y\",\n-2.5,,\n");
  EXPECT_EQ(to_csv({ordered_json{{"name", "=1+1"}}}), "name\n'=1+1\n");
  EXPECT_EQ(to_csv({ordered_json{{"name", "say \"so\""}}}), "name\n\"say \"\"so\"\"\"\n");
}

}  // namespace
}  // namespace orrery::test
