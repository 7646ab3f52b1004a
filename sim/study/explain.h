#pragma once
// What binds an inference on a machine, and what each of the machine's resources is worth to it: half and
// twice as much of one at a time.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/describe/fields.h"
#include "sim/stats/figure.h"
#include "sim/study/question.h"
#include "sim/study/session.h"

namespace orrery {

// What a changed machine does, as shares of what the asked one does (1 = the same).
struct ResourceEffect {
  Figure value = 0;  // of the key
  std::optional<Figure> latency, ttft, tpot, energy, area;
  std::string refused;  // why there is no such machine, or it does not run the model; "" = it does
};

struct ResourceWorth {
  std::string resource, key;
  Figure value = 0;
  ResourceEffect half, twice;
  double elasticity = 0;  // per cent less latency for a per cent more of it, between half and twice
};

struct Explanation {
  std::string arch, model;
  Figure latency_s = 0;
  std::string prefill_bound, decode_bound;     // what takes most of their time; of one token no decode: ""
  Figure prefill_share = 0, decode_share = 0;  // of their time
  std::vector<ResourceWorth> resources;        // those that change the latency most first
};

template <>
const Table& table_of<ResourceEffect>();
template <>
const Table& table_of<ResourceWorth>();
template <>
const Table& table_of<Explanation>();

// Of the machine's resources those that its file states. Each changed machine is simulated in a process of
// its own, at most `jobs` at a time. Throws ConfigError, SimulationError: of the asked machine itself.
Explanation explain(const nlohmann::json& configuration, Session& session, std::size_t jobs);

}  // namespace orrery
