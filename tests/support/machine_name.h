#pragma once
// Names of tests that run once a machine.

#include <gtest/gtest.h>

#include <string>

namespace orrery::test {

// "gpu/a100-sxm-40gb" -> "gpu_a100_sxm_40gb".
inline std::string machine_test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name) {
    if (c == '/' || c == '-') c = '_';
  }
  return name;
}

}  // namespace orrery::test
