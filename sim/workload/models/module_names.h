#pragma once
// Names of a model's modules as checkpoints have them ("model.layers.3.mlp.gate"), and the patterns by which
// quantisation files name some of them.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/workload/number_formats.h"

namespace orrery {

// "lm_head", "model.layers.3.self_attn", "mlp.gate", "model.layers.*.mlp.router", "re:.*self_attn.*".
class ModulePattern {
 public:
  explicit ModulePattern(const std::string& text);
  ~ModulePattern();
  ModulePattern(ModulePattern&& other) noexcept;
  ModulePattern& operator=(ModulePattern&& other) noexcept;

  bool understood() const;  // false: not a regular expression
  bool matches(const std::string& name) const;
  // The layer that a plain name lies in; none where it may be any.
  std::optional<std::int64_t> layer() const;

 private:
  struct Compiled;
  std::string text_;  // without stars and "re:"
  std::unique_ptr<Compiled> compiled_;
};

// The first product of a group in a layer (-1: outside the layers), under the names that checkpoints give it.
std::vector<std::string> modules_of(TensorGroup group, std::int64_t layer);

// Whether a pattern names one of them.
bool names_any(const ModulePattern& pattern, const std::vector<std::string>& modules);

// Whether a pattern that names no group may be passed over: it speaks of norms, towers, convolutions.
bool of_no_group(const std::string& pattern);

}  // namespace orrery
