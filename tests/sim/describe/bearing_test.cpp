// What of a document a result depends on: of a real machine, changed key by key.

#include "sim/describe/bearing.h"

#include <gtest/gtest.h>

#include "sim/config/arch_keys.h"
#include "sim/study/question.h"
#include "sim/study/timing_digest.h"

namespace orrery::test {
namespace {

using nlohmann::json;

json configuration(const char* arch) {
  return configurations_of({{{arch, "", "", ""}, json::object()}}, {}).front();
}

std::string digest_with(const char* arch, const char* pointer, const json& value) {
  json c = configuration(arch);
  c[json::json_pointer(pointer)] = value;
  return timing_digest(c);
}

TEST(Bearing, KeepsWhatIsAskedFor) {
  const json machine = configuration("gpu/h100-sxm")["arch"];
  const json timing = bearing(kArch.table(), machine, Bears::timing);
  const json energy = bearing(kArch.table(), machine, Bears::energy);
  const json& preset = timing["chip"]["memory"][1]["preset"];
  EXPECT_TRUE(preset.contains("timing_clocks") || preset.contains("timing_ns"));
  EXPECT_FALSE(preset.contains("energy_pj_per_bit"));
  EXPECT_FALSE(timing.contains("name"));
  EXPECT_FALSE(timing["chip"].contains("tdp_w"));
  EXPECT_TRUE(energy["chip"].contains("tdp_w"));
  EXPECT_FALSE(energy["chip"].contains("process_nm"));
  EXPECT_TRUE(bearing(kArch.table(), machine, Bears::price)["chip"].contains("process_nm"));
}

TEST(TimingDigest, MovesWithWhatMovesTime) {
  const std::string whole = timing_digest(configuration("gpu/h100-sxm"));
  for (const auto& [pointer, value] :
       {std::pair<const char*, json>{"/arch/chip/clock_ghz", 1.0},
        {"/arch/chip/memory/1/channels", 8},
        {"/arch/chip/memory/1/preset/rows", 8192},
        {"/arch/chip/execution/library/vendor", "another"},
        {"/arch/chip/cores/engines/0/latency_cycles", 99},
        {"/arch/node/devices", 2},
        {"/arch/chip/energy_table/vector_op_pj", 9},  // a power cap makes energy time
        {"/arch/chip/power_cap_w", 300}})
    EXPECT_NE(digest_with("gpu/h100-sxm", pointer, value), whole) << pointer;
  for (const auto& [pointer, value] : {std::pair<const char*, json>{"/arch/name", "another"},
                                       {"/arch/chip/process_nm", 3},
                                       {"/prices", json::object()},
                                       {"/technology", json::object()}})
    EXPECT_EQ(digest_with("gpu/h100-sxm", pointer, value), whole) << pointer;
}

// Without a cap, and with a library that chooses its kernels by time, energy is no part of it.
TEST(TimingDigest, EnergyCountsWhereItDecides) {
  const auto moves = [](const char* arch) {
    json c = configuration(arch);
    c["arch"]["chip"].erase("power_cap_w");
    const std::string before = timing_digest(c);
    c["arch"]["chip"]["energy_table"]["vector_op_pj"] = 9;
    return timing_digest(c) != before;
  };
  EXPECT_FALSE(moves("gpu/h100-sxm"));  // a library
  EXPECT_TRUE(moves("asic/tpu-v5e"));   // a free mapper
}

}  // namespace
}  // namespace orrery::test
