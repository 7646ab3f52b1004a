#include "sim/operators/operator_row.h"

#include <algorithm>

namespace orrery {
std::size_t count(const OperandRows& rows) {
  return static_cast<std::size_t>(
      std::count_if(rows.begin(), rows.end(), [](const OperandRow& r) { return r.name != nullptr; }));
}

}  // namespace orrery
