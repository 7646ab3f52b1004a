#include "sim/util/errors.h"

#include <utility>

namespace orrery {
namespace {

std::string join(const std::vector<Diagnostic>& diagnostics) {
  std::string text;
  for (const Diagnostic& d : diagnostics) {
    if (!text.empty()) text += '\n';
    text += d.where.empty() ? d.message : d.where + ": " + d.message;
  }
  return text;
}

}  // namespace

ConfigError::ConfigError(std::vector<Diagnostic> diagnostics)
    : std::runtime_error(join(diagnostics)), diagnostics_(std::move(diagnostics)) {}

ConfigError::ConfigError(const std::string& where, const std::string& message)
    : ConfigError(std::vector<Diagnostic>{{where, message}}) {}

SimulationError::SimulationError(const std::string& module, const std::string& message)
    : std::runtime_error(module + ": " + message) {}

}  // namespace orrery
