#pragma once
// Rows of JSON as CSV (RFC 4180): nested keys joined by ".", columns in the order they first appear.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace orrery {

// A cell: as it is, or quoted where it must be.
std::string csv_quoted(const std::string& text);

std::string to_csv(const std::vector<nlohmann::ordered_json>& rows);

}  // namespace orrery
