#pragma once
// The points of a sweep: which values each takes, what follows from them, whether the inputs' constraints
// hold, and the address of its result.

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/study/sweep_spec.h"

namespace orrery {

// A base, then a value of each axis, by number.
using Choice = std::vector<std::uint32_t>;

struct SweepPoint {
  std::uint64_t ordinal = 0;
  std::size_t base = 0;
  nlohmann::json inputs;  // key -> value: axes that hold, then derived ones
  bool feasible = true;   // the inputs' constraints hold
  std::string address;    // of its result: digest of configuration and model version
  std::string machine;    // tells machines apart: points that share it share kernels
  std::string run;        // the same of all that is simulated: points that share it differ in prices alone
};

class SweepPlan {
 public:
  // `spec` must outlive the plan.
  explicit SweepPlan(const SweepSpec& spec);

  // Choices of the grid, or of a random or Latin hypercube sample, in the order of their ordinals; none of
  // nsga2, which chooses as it goes.
  std::vector<Choice> choices() const;
  // Values at each place of a choice.
  std::vector<std::uint32_t> extents() const;

  // Null for a choice that another stands for (an axis whose condition does not hold takes its first value).
  std::optional<SweepPoint> point(std::uint64_t ordinal, const Choice& choice) const;
  // The choice that stands for it.
  Choice canonical(const Choice& choice) const;

  // Everything the point's result depends on.
  nlohmann::json configuration(const SweepPoint& point) const {
    return configuration(point.base, point.inputs);
  }
  nlohmann::json configuration(std::size_t base, const nlohmann::json& inputs) const;

  // All points. Throws ConfigError when none meets the inputs' constraints.
  std::vector<SweepPoint> points() const;

 private:
  const SweepSpec& spec_;
  mutable std::map<std::pair<std::size_t, std::string>, std::string> pointers_;
  std::vector<std::map<std::string, std::string>> digests_;  // of each base's parts

  struct Draft;
  Draft draft(Choice& choice) const;  // makes the choice canonical
  void set(Draft& draft, const std::string& key, const nlohmann::json& value) const;
  const std::string& pointer(std::size_t base, const std::string& key) const;
  NameValue names_of(const Draft& draft) const;
  std::string part_digest(const Draft& draft, const std::string& part) const;
};

}  // namespace orrery
