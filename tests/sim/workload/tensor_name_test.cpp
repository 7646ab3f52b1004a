#include "sim/workload/tensor_name.h"

#include <gtest/gtest.h>

namespace orrery::test {
namespace {

TEST(TensorNames, LayersThatAreAlikeShareTheirSlots) {
  TensorNames names;
  const TensorName a = names.parse("l3.qkv");
  EXPECT_EQ(a.layer, 3);
  EXPECT_EQ(names.parse("l4.qkv").slot, a.slot);
  EXPECT_EQ(names.parse("l3.qkv"), a);
  EXPECT_EQ(names.parse("qkv").layer, -1);
  EXPECT_EQ(names.parse("qkv").slot, a.slot);
}

// A trace is written as it was read, whatever its names look like.
TEST(TensorNames, EveryNameComesBackAsItWas) {
  TensorNames names;
  for (const char* text : {"l0.x", "l12.kv_new", "logits", "l.x", "l03.x", "l", "", "l3", "l3.", "l3.l4.x",
                           "lm_head", "l1234567.x", "L3.x"})
    EXPECT_EQ(names.text(names.parse(text)), text);
}

}  // namespace
}  // namespace orrery::test
