#pragma once
// Files that appear whole or not at all.

#include <filesystem>
#include <functional>
#include <ostream>

namespace orrery {

// Throws ConfigError when it cannot be written; the file that was there is then as it was.
void write_whole(const std::filesystem::path& path, const std::function<void(std::ostream&)>& write);

}  // namespace orrery
