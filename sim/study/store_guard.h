#pragma once
// That a result store is whole.

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>

namespace orrery {

// Throws ConfigError: pages that do not hold together.
void check_whole(SQLite::Database& database, const std::string& path);

// Throws ConfigError where `text`, what the store holds of `what`, is no JSON.
void check_json(const std::string& text, const std::string& what, const std::string& path);

}  // namespace orrery
