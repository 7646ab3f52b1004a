#pragma once
// How Orrery opens a file that somebody names: a regular one, not a device or a pipe that never ends, of a
// size that text has, in UTF-8. What it is not, is said.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace orrery {

inline constexpr std::uint64_t kMostText = std::uint64_t{64}
                                           << 20;  // bytes; what one file of settings may hold

// Throws ConfigError: no such file, no regular one.
std::ifstream open_file(const std::filesystem::path& path);

// The whole of it. Throws ConfigError as well for more than `most` bytes and for what is no UTF-8 text, with
// line and column.
std::string read_text_file(const std::filesystem::path& path, std::uint64_t most = kMostText);

// Throws ConfigError with line and column in `name` where `text` is no UTF-8, or holds control characters.
void check_text(const std::string& text, const std::string& name);

// The same with '?' for what is no UTF-8 and for control characters: fit for a terminal and for JSON.
std::string printable(const std::string& text);

// What a file that begins with `head` is, of formats that people bring and that are none of Orrery's: "a GGUF
// model", ...; "" when nobody knows.
std::string foreign_format(const std::string& head, const std::filesystem::path& path);

}  // namespace orrery
