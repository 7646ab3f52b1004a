#pragma once

#include <string>

namespace orrery {

struct SourcePosition {
  std::string file;
  int line = 0;    // 1-based; 0 = unknown
  int column = 0;  // 1-based
};

}  // namespace orrery
