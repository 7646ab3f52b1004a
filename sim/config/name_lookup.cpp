#include "sim/config/name_lookup.h"

#include <algorithm>
#include <cctype>

#include "sim/util/data_home.h"
#include "sim/util/ends_with.h"
#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

bool looks_like_path(const std::string& name, const std::string& extension) {
  return fs::path(name).extension() == extension || name.find("./") == 0 || name.find('/') == 0;
}

fs::path find(const std::string& what, const std::string& name, const fs::path& root,
              const std::string& extension, const std::vector<std::string>& names) {
  if (fs::is_regular_file(name)) return name;
  if (looks_like_path(name, extension)) throw ConfigError("", what + " file " + name + " does not exist");
  for (const std::string& known : names) {
    if (lower_case(known) == lower_case(name)) return root / (known + extension);
  }
  throw ConfigError("", "no " + what + " named '" + name + "'" + did_you_mean(lower_case(name), names) +
                            "; 'orrery list " + (what == "model" ? "models" : "archs") + "' names them all");
}

}  // namespace

std::string lower_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::vector<std::string> arch_names() {
  std::vector<std::string> names;
  for (const char* kind : {"gpu", "cpu", "fpga", "asic", "pim"}) {
    const fs::path folder = data_home() / "arch_configs" / kind;
    if (!fs::exists(folder)) continue;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ".yaml")
        names.push_back(std::string(kind) + "/" + entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

fs::path find_arch(const std::string& name) {
  return find("machine", name, data_home() / "arch_configs", ".yaml", arch_names());
}

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  const fs::path folder = data_home() / "traces" / "llms";
  if (!fs::exists(folder)) return names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<fs::path> known_model_file(const std::string& name) {
  if (fs::is_directory(name) && fs::is_regular_file(fs::path(name) / "config.json"))
    return fs::path(name) / "config.json";
  if (fs::exists(name) || looks_like_path(name, ".json")) return std::nullopt;
  const std::vector<std::string> names = model_names();
  const auto known = [&](const std::string& candidate) {
    return std::find(names.begin(), names.end(), candidate) != names.end();
  };
  std::string plain = lower_case(name.substr(name.rfind('/') == std::string::npos ? 0 : name.rfind('/') + 1));
  for (const std::string maker : {"meta-", "nvidia-"}) {
    if (!known(plain) && plain.rfind(maker, 0) == 0) plain = plain.substr(maker.size());
  }
  // Tuned for another purpose, not another shape.
  for (const std::string word :
       {"-hf", "-2407", "-original", "-instruct", "-chat", "-base", "-it", "-pt", "-8k", "-bf16"}) {
    const std::size_t at = plain.find(word);
    const bool whole =
        at != std::string::npos && (at + word.size() == plain.size() || plain[at + word.size()] == '-');
    if (whole && !known(plain)) plain.erase(at, word.size());
  }
  // A size that the catalogue's name leaves out: bloom-176b.
  if (const std::size_t size = plain.rfind('-');
      !known(plain) && size != std::string::npos && ends_with(plain, "b") &&
      std::isdigit(static_cast<unsigned char>(plain[size + 1])) != 0)
    plain.erase(size);
  if (known(plain)) return data_home() / "traces" / "llms" / (plain + ".json");
  return std::nullopt;
}

fs::path find_model_file(const std::string& name) {
  if (const auto file = known_model_file(name)) return *file;
  if (fs::is_directory(name)) throw ConfigError(name, "this folder holds no config.json");
  return find("model", name, data_home() / "traces" / "llms", ".json", model_names());
}

}  // namespace orrery
