#pragma once
// orrery sweep as a user would run it, on a small sweep of 24 points.

#include <string>
#include <vector>

#include "tests/support/command.h"

namespace orrery::test {

// The small sweep's text (roofline), and a file of it with one piece replaced.
extern const char* const kSweep;
std::string sweep_file(const std::string& from = "", const std::string& to = "");

// A path in the test's temporary folder.
std::string store(const std::string& name);
// "orrery sweep" with these arguments.
CommandResult run(const std::string& arguments);
std::string exported(const std::string& db, const std::string& how = "--csv");
// Expects exit code 2 and one message with these words.
void refused(const std::string& arguments, const std::vector<std::string>& words);

}  // namespace orrery::test
