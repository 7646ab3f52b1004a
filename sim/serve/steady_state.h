#pragma once
// What a replica comes to when requests keep coming: as many sequences decode as keep the targets, and their
// prompts are computed in between. An estimate without queues, to choose what is worth simulating.

#include "sim/serve/deployment.h"

namespace orrery {

struct SteadyState {
  double requests_per_s = 0;  // 0: not even one sequence keeps the targets
  double sequences = 0;       // of a rank, that decode at once
  double ttft_s = 0, tpot_s = 0;
  double prompt_share = 0;  // of the time, spent on prompts
};

// Of requests of these mean lengths.
SteadyState steady_state(const Deployment& deployment, StepCosts& costs, double input, double output,
                         const RequestTargets& targets);

// Of the time of a replica on each of whose ranks so many sequences decode at a time, in all batches of its
// pipeline together: the share that their prompts take.
double prompt_share(const Deployment& deployment, StepCosts& costs, double input, double output,
                    double decoding);

}  // namespace orrery
