#include "sim/operators/collective_operation.h"

#include "sim/operators/operator_row.h"
#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

// The operation of a row; null where it is none.
const CollectiveOperation* operation_of(const OperatorRow& row) {
  const auto* collective = std::get_if<CollectiveFamily>(&row.family);
  return collective == nullptr ? nullptr : &collective->operation;
}

}  // namespace

const char* to_string(CollectiveOperation operation) {
  for (const OperatorRow& row : kOperators) {
    if (const auto* found = operation_of(row); found != nullptr && *found == operation) return row.name;
  }
  return "";
}

CollectiveOperation parse_collective_operation(const std::string& name) {
  std::vector<std::string> names;
  std::string all;
  for (const OperatorRow& row : kOperators) {
    const auto* found = operation_of(row);
    if (found == nullptr) continue;
    if (name == row.name) return *found;
    if (std::string(to_string(*found)) == row.name) names.emplace_back(row.name);
  }
  for (std::size_t i = 0; i < names.size(); ++i)
    all += (i == 0 ? "" : i + 1 < names.size() ? ", " : " or ") + names[i];
  throw ConfigError("",
                    "unknown collective '" + name + "'" + did_you_mean(name, names) + "; expected " + all);
}

}  // namespace orrery
