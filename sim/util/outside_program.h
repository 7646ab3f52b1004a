#pragma once
// Programs of the system that do a part of the work where they are installed.

#include <filesystem>
#include <string>
#include <vector>

namespace orrery {

// The first of `names` that PATH has, as a path; "" where it has none.
std::string program_on_path(const std::vector<std::string>& names);

// Runs a program with its arguments, no shell between, its output dropped. Whether it ended well.
bool run_outside(const std::vector<std::string>& command);

// A file as it is, of any kind. Throws ConfigError.
std::string read_bytes(const std::filesystem::path& path);

}  // namespace orrery
