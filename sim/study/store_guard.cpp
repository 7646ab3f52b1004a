#include "sim/study/store_guard.h"

#include <nlohmann/json.hpp>

#include "sim/util/errors.h"

namespace orrery {

void check_whole(SQLite::Database& database, const std::string& path) {
  const std::string found = database.execAndGet("PRAGMA quick_check(1)").getString();
  if (found == "ok") return;
  throw ConfigError(path, "the store is damaged (" + found.substr(0, found.find('\n')) + "); 'sqlite3 " +
                              path + " .recover' saves what can be read");
}

void check_json(const std::string& text, const std::string& what, const std::string& path) {
  if (text.empty() || nlohmann::json::accept(text)) return;
  throw ConfigError(path, "the store is damaged: what it holds of " + what +
                              " is no JSON; a copy, or running that point again, mends it");
}

}  // namespace orrery
