#pragma once
// The two ways a library of Orrery fails: the input is wrong (ConfigError, exit code 2) or a simulation
// went wrong (SimulationError, exit code 1). Libraries throw; only tools/ prints and exits.

#include <stdexcept>
#include <string>
#include <vector>

namespace orrery {

// One finding about an input. `where` is "file:line:column" (or "file" when no line applies).
struct Diagnostic {
  std::string where;
  std::string message;
};

// All findings about an input at once. what() joins them, one a line.
class ConfigError : public std::runtime_error {
 public:
  explicit ConfigError(std::vector<Diagnostic> diagnostics);
  ConfigError(const std::string& where, const std::string& message);
  const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }

 private:
  std::vector<Diagnostic> diagnostics_;
};

// Does `work`; what it refuses is said to stand at `where`.
template <class Work>
auto located(const std::string& where, Work work) {
  try {
    return work();
  } catch (const ConfigError& error) {
    throw ConfigError(where, error.what());
  }
}

// A run that could not be completed or that broke a conservation law; names the module.
class SimulationError : public std::runtime_error {
 public:
  SimulationError(const std::string& module, const std::string& message);
};

}  // namespace orrery
