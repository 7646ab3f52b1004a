#pragma once
// Results for people: one column a result, and with several results the ratios to the first.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace orrery {

// `results` are of kind "run" (see result_json.h).
std::string run_table(const std::vector<nlohmann::ordered_json>& results);
std::string kernel_table(const nlohmann::ordered_json& result);
std::string training_table(const nlohmann::ordered_json& result);

}  // namespace orrery
