#pragma once
// What a file of weights holds, without its data: GGUF headers, safetensors files and indices of several.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace orrery {

struct StoredTensor {
  std::string name, type;  // type as the file calls it: "Q4_K", "BF16"
  std::vector<std::uint64_t> shape;
  std::uint64_t elements = 0;
  std::uint64_t bytes = 0;  // stored, scales and minima of blocks included
};

struct StoredWeights {
  std::string format;                        // in words
  std::map<std::string, std::string> facts;  // "architecture", "layers", ...: as far as the file says
  std::vector<StoredTensor> tensors;
  std::vector<std::string> notes;  // of shards that are not here, data that is cut off

  std::uint64_t bytes() const;
};

// Throw ConfigError: cut short, sizes that do not fit their shape, types that nobody knows.
StoredWeights read_gguf(const std::filesystem::path& file);
StoredWeights read_safetensors(const std::filesystem::path& file);
StoredWeights read_safetensors_index(const std::filesystem::path& file);

}  // namespace orrery
