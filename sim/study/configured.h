#pragma once
// The machine, model and scenario of a configuration, as they are simulated and priced.

#include <nlohmann/json.hpp>

#include "sim/config/arch_spec.h"
#include "sim/config/technology.h"
#include "sim/workload/llm_spec.h"
#include "sim/workload/transformer_graph.h"

namespace orrery {

// With the node it stands in. A machine that a sweep changed has no list price and the area that is modelled
// (none where the table lacks its process) unless the sweep states one; what its die has grown or shrunk by
// since the base leaks (grow_static_power). An FPGA's die stays what it is. Throws ConfigError.
ArchSpec configured_machine(const nlohmann::json& configuration, const Technology& technology);
// With as many layers as the scenario runs.
LlmSpec configured_llm(const nlohmann::json& configuration);
// Throw ConfigError.
DType dtype_named(const std::string& name);
StoredFormat format_named(const std::string& name);
Sparsity weight_sparsity_named(const std::string& name);
Scenario configured_scenario(const nlohmann::json& configuration, const ArchSpec& arch, const LlmSpec& llm);

// Of a machine's JSON in its node (null: its own) under a technology table's: its modelled area, mm2, by the
// process it is made in ("7": 798.1); by each of the table's where the machine does not say. Empty for what
// is configured, not made.
nlohmann::json modelled_areas(const nlohmann::json& arch, const nlohmann::json& node,
                              const nlohmann::json& technology);
// Of those, the one at a machine's process; null where there is none.
nlohmann::json modelled_area(const nlohmann::json& areas, const nlohmann::json& chip);

}  // namespace orrery
