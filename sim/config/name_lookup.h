#pragma once
// Finds the file behind a NAME of the command line: a path, or a name below arch_configs/ or traces/.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

// "gpu/a100-sxm-40gb" -> arch_configs/gpu/a100-sxm-40gb.yaml; a path to an existing file stays as it is.
// Throws ConfigError with the nearest name.
std::filesystem::path find_arch(const std::string& name);
std::vector<std::string> arch_names();

// A model's file by path, by a folder that holds its config.json, or by its name in traces/llms: its own or
// Hugging Face's, case ignored. The first gives none where the name is none of these.
std::optional<std::filesystem::path> known_model_file(const std::string& name);
std::filesystem::path find_model_file(const std::string& name);
std::vector<std::string> model_names();

// Names are looked up in lower case (ASCII).
std::string lower_case(std::string text);

}  // namespace orrery
