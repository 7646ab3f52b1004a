#pragma once
// The options `run`, `compare` and `trace make` share: what is run, and how closely.

#include "sim/config/runtime_spec.h"
#include "sim/engine/operator_runner.h"
#include "sim/workload/transformer_graph.h"
#include "tools/orrery/options.h"

namespace orrery {

// --batch --input --output --layers --dtype --devices --tp
po::options_description scenario_options();
// --fidelity --exact --runtime
// A machine by name, in the node that --node names.
ArchSpec load_arch_for(const std::string& name, const po::variables_map& values);

po::options_description fidelity_options();

// The scenario asked for on `arch` (its default dtype and devices where none is given).
Scenario scenario_from(const po::variables_map& values, const ArchSpec& arch, bool encoder_only);
// Cuts the model down to --layers, if given; its name then says so.
void truncate_layers(const po::variables_map& values, LlmSpec& llm);
// The software stack asked for.
RuntimeSpec runtime_from(const po::variables_map& values);

RunnerOptions runner_options_from(const po::variables_map& values);

}  // namespace orrery
