#pragma once
// KEY=VALUE: one value of a document set anew, by the key that sweeps name it by ("arch.dram.channels=96").

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace orrery {

struct Patch {
  std::string text;  // as it was given
  std::string key;
  nlohmann::json value;
};

// `text` is KEY=VALUE; a value is what YAML makes of it, or a number with a unit where the key's name says
// one ("arch.chip.memory.0.size_mib=64MiB", "..._ns=0.5us"). Throws ConfigError.
Patch parse_patch(const std::string& text);
std::vector<Patch> parse_patches(const std::vector<std::string>& texts);

// Sets `key` in a copy of `configuration` to each of `values`. Throws ConfigError, at `where`: no such key,
// what its schema refuses.
void check_values(const nlohmann::json& configuration, const std::string& key,
                  const std::vector<nlohmann::json>& values, const std::string& where);

// Applies them to each configuration, in their order; a machine that they change is marked as another than
// its file's. Throws ConfigError.
void apply_patches(std::vector<nlohmann::json>& configurations, const std::vector<Patch>& patches);

}  // namespace orrery
