#pragma once
// The ways to deploy a model on a machine, by estimates without queues at the roofline: which of them are
// worth serving requests.

#include <string>
#include <vector>

#include "sim/serve/steady_state.h"
#include "sim/study/plan.h"

namespace orrery {

struct PlanWay {
  Posed question;        // how it is divided is in its scenario
  SteadyState estimate;  // of a replica
  std::uint32_t devices() const { return question.scenario.split.devices(); }
};

struct PlanWays {
  std::vector<PlanWay> ways;  // most requests a chip first
  std::string why_none;       // where there are none
};

// Over tensor x pipeline x expert x attention-data degrees of a server, and formats; of as few servers as
// hold the model where one does not and its node joins others. Throws ConfigError: no such machine, model or
// runtime.
PlanWays ways_to_deploy(const PlanQuestion& question, const std::string& arch, const LoadMeans& lengths);

// The first of each number of devices and format, at most so many.
std::vector<const PlanWay*> finalists_of(const PlanWays& ways, std::size_t most);

}  // namespace orrery
