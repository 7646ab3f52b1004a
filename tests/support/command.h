#pragma once
// Runs the command-line program as a user would.

#include <string>

namespace orrery::test {

struct CommandResult {
  int exit_code = -1;
  std::string out;
  std::string err;
};

// `arguments` as in a shell; stdin is empty.
CommandResult orrery_command(const std::string& arguments);

// A file below the test's own temporary folder (removed at exit); `text` is written to it.
std::string temporary_file(const std::string& name, const std::string& text);
std::string temporary_folder();

std::string read_file(const std::string& path);

}  // namespace orrery::test
