#include "sim/config/schema_names.h"

#include "sim/operators/operator_row.h"
#include "sim/util/dtype.h"

namespace orrery {
namespace {

template <class Wanted>
std::vector<std::string> operators(Wanted wanted) {
  std::vector<std::string> names;
  for (const OperatorRow& row : kOperators) {
    if (wanted(row.family)) names.emplace_back(row.name);
  }
  return names;
}

// The names that `word` stands for: itself, most of the time.
std::vector<std::string> names_of(const std::string& word) {
  const auto vector = [](const OperatorFamily& f) { return std::holds_alternative<VectorFamily>(f); };
  const auto collective = [](const OperatorFamily& f) { return std::holds_alternative<CollectiveFamily>(f); };
  if (word == "<operator>") return operator_names();
  if (word == "<vector operator>") return operators(vector);
  if (word == "<collective>") return operators(collective);
  if (word == "<kernel operator>") return operators([&](const OperatorFamily& f) { return !collective(f); });
  if (word == "<dtype>") return dtype_names();
  return {word};
}

}  // namespace

void fill_in_names(nlohmann::json& schema) {
  if (!schema.is_structured()) return;
  for (const auto& [key, value] : schema.items()) {
    if (key != "enum") {
      fill_in_names(value);
      continue;
    }
    nlohmann::json all = nlohmann::json::array();
    for (const nlohmann::json& item : value) {
      if (item.is_string()) {
        for (std::string& name : names_of(item.get<std::string>())) all.push_back(std::move(name));
      } else {
        all.push_back(item);
      }
    }
    value = std::move(all);
  }
}

}  // namespace orrery
