#pragma once
// The machine, model and scenario of a configuration, as they are simulated and priced.

#include <nlohmann/json.hpp>

#include "sim/config/arch_spec.h"
#include "sim/config/technology.h"
#include "sim/workload/llm_spec.h"
#include "sim/workload/transformer_graph.h"

namespace orrery {

// With the node it stands in. A machine that a sweep changed has the area that is modelled, no list price,
// and what its die has grown (or shrunk) by since the base leaks by the energy table's W a mm2 and, where the
// clock draws apart from kernels, W a mm2 and GHz. Throws ConfigError.
ArchSpec configured_machine(const nlohmann::json& configuration, const Technology& technology);
// With as many layers as the scenario runs.
LlmSpec configured_llm(const nlohmann::json& configuration);
Scenario configured_scenario(const nlohmann::json& configuration, const ArchSpec& arch);

// Of a base: its modelled area, mm2, by the process it is made in ("7": 798.1); by each of the table's where
// the machine does not say. Empty for what is configured, not made.
nlohmann::json modelled_areas(const nlohmann::json& base, const Technology& technology);
// Of those, the one at a machine's process; null where there is none.
nlohmann::json modelled_area(const nlohmann::json& areas, const nlohmann::json& chip);

}  // namespace orrery
