#pragma once
// Names of a model's modules as checkpoints have them ("model.layers.3.mlp.gate"), and the patterns by which
// quantisation files name some of them.

#include <memory>
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

 private:
  struct Compiled;
  std::string text_;  // without stars and "re:"
  std::unique_ptr<Compiled> compiled_;
};

// Whether the pattern names a group's modules in a layer (-1: outside the layers), under any of the names
// that checkpoints give them.
bool names_group(const ModulePattern& pattern, TensorGroup group, std::int64_t layer);

// Whether a pattern that names no group may be passed over: it speaks of norms, towers, convolutions.
bool of_no_group(const std::string& pattern);

}  // namespace orrery
