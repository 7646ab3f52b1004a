#include "sim/workload/models/module_names.h"

#include <gtest/gtest.h>

namespace orrery {
namespace {

TEST(ModuleNames, PlainOnesMatchWholeParts) {
  EXPECT_TRUE(ModulePattern("lm_head").matches("lm_head"));
  EXPECT_TRUE(ModulePattern("gate").matches("model.layers.3.mlp.gate"));
  EXPECT_FALSE(ModulePattern("gate").matches("model.layers.3.mlp.gate_proj"));
  EXPECT_TRUE(ModulePattern("model.layers.3.self_attn.").matches("model.layers.3.self_attn.q_proj"));
  EXPECT_FALSE(ModulePattern("model.layers.3").matches("model.layers.30.self_attn.q_proj"));
  EXPECT_FALSE(ModulePattern("").matches("lm_head"));
}

TEST(ModuleNames, StarsAndExpressionsMatchAsTheyAreWritten) {
  EXPECT_TRUE(ModulePattern("model.layers.*.self_attn").matches("model.layers.11.self_attn.q_proj"));
  EXPECT_FALSE(ModulePattern("model.layers.*.self_attn").matches("model.layers.11.mlp.gate_proj"));
  EXPECT_TRUE(ModulePattern("re:.*self_attn.*").matches("model.layers.0.self_attn.o_proj"));
  EXPECT_TRUE(ModulePattern("re:.*mlp\\.(gate|up)_proj.*").matches("model.layers.0.mlp.up_proj"));
  EXPECT_FALSE(ModulePattern("re:mlp").matches("model.layers.0.mlp.up_proj"));
  EXPECT_FALSE(ModulePattern("re:(").understood());
  // Linear in the name, whatever the expression.
  EXPECT_FALSE(ModulePattern("re:(a*)*b").matches(std::string(100'000, 'a')));
}

TEST(ModuleNames, OfGroupsUnderTheNamesOfCheckpoints) {
  EXPECT_TRUE(
      names_any(ModulePattern("backbone.layers.5.mixer.q_proj"), modules_of(TensorGroup::attention, 5)));
  EXPECT_FALSE(
      names_any(ModulePattern("backbone.layers.5.mixer.q_proj"), modules_of(TensorGroup::attention, 6)));
  EXPECT_TRUE(names_any(ModulePattern("re:.*shared_experts.*"), modules_of(TensorGroup::shared_experts, 0)));
  EXPECT_FALSE(names_any(ModulePattern("re:.*shared_experts.*"), modules_of(TensorGroup::experts, 0)));
  EXPECT_TRUE(names_any(ModulePattern("lm_head"), modules_of(TensorGroup::head, -1)));
  EXPECT_EQ(ModulePattern("model.layers.12.mlp.gate").layer(), 12);
  EXPECT_EQ(ModulePattern("re:.*layers.12.mlp.*").layer(), std::nullopt);
  EXPECT_EQ(ModulePattern("mlp.gate").layer(), std::nullopt);
  EXPECT_TRUE(of_no_group("model.vision_tower"));
  EXPECT_TRUE(of_no_group("model.layers.0.input_layernorm"));
  EXPECT_FALSE(of_no_group("model.layers.0.super_attn"));
}

}  // namespace
}  // namespace orrery
