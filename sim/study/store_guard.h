#pragma once
// That a result store is whole, and its faults in words.

#include <SQLiteCpp/SQLiteCpp.h>

#include <stdexcept>
#include <string>

#include "sim/util/errors.h"

namespace orrery {

// Throws ConfigError: pages that do not hold together.
void check_whole(SQLite::Database& database, const std::string& path);

// Throws ConfigError where `text`, what the store holds of `what`, is no JSON.
void check_json(const std::string& text, const std::string& what, const std::string& path);

// What a store holds and never wrote.
struct Damage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// SQLite's faults in words.
template <class Work>
auto guarded(const std::string& path, Work work) {
  try {
    return work();
  } catch (const SQLite::Exception& error) {
    constexpr int kFull = 13;
    constexpr int kReadOnly = 8;
    constexpr int kNotADatabase = 26;
    constexpr int kCorrupt = 11;
    const int code = error.getErrorCode();
    const std::string why = code == kFull           ? "the disk is full; what was written before is kept"
                            : code == kReadOnly     ? "it cannot be written to"
                            : code == kNotADatabase ? "this is no result store"
                            : code == kCorrupt      ? "the store is damaged: its pages do not hold together"
                                                    : error.what();
    throw ConfigError(path, why);
  } catch (const Damage& damage) {
    throw ConfigError(path, std::string("the store is damaged: ") + damage.what());
  }
}

}  // namespace orrery
