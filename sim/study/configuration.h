#pragma once
// Everything one result depends on, as one JSON value of parts: {arch, llm, scenario, serving?, runtime,
// node?, technology, prices, cost?, accuracy, fidelity}. Files that others name are put in their place (DRAM
// preset, energy table, kernel library), descriptions and sources are left out. Its digest is what a result
// is stored under.

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/config/config_document.h"

namespace orrery {

struct BaseNames {
  std::string arch, llm, runtime, node;  // an empty one has no part, and no key
};
// What all bases share: the parts technology and prices, and, of a sweep, the digest of what was measured.
struct BaseTables {
  nlohmann::json technology, prices;  // null: nothing is priced, and no machine is changed
  std::string accuracy;
};
BaseTables load_base_tables();
// The same for a sweep, whose results are stored: they depend on what was measured.
BaseTables load_sweep_tables();

// Throws ConfigError: an unknown name, a file that its schema refuses.
nlohmann::json base_configuration(const BaseNames& names, const nlohmann::json& scenario,
                                  const BaseTables& tables);
// One for each option of a cost scenario: its machine, model and workload, and the part `cost` with what it
// says of demand, finance and that option. `scenario` overrides what is run.
std::vector<nlohmann::json> cost_configurations(const ConfigDocument& cost, const nlohmann::json& scenario,
                                                const BaseTables& tables);

// Checks what lies at `pointer` against the schema of the file it belongs to. Throws ConfigError.
void validate_part(const nlohmann::json& configuration, const std::string& pointer);

// Marks a configuration whose machine is no longer the base's: what its die has beyond the simulated machine
// (spare cores, cache and memory interfaces) grows with cores, shared buffer and memory channels, neither
// published area nor list price are its own, and what it draws at rest follows its area from the base's on
// (sim/study/configured) unless it is stated anew.
void mark_modified(nlohmann::json& configuration, const nlohmann::json& base);

// `base` with the values of `inputs` (key -> value) in the places that `pointer_of` names for their keys;
// whether they change the machine. with_inputs marks it then.
using PointerOf = std::function<std::string(const std::string& key, const nlohmann::json& value)>;
nlohmann::json placed_inputs(const nlohmann::json& base, const nlohmann::json& inputs,
                             const PointerOf& pointer_of, bool& modified);
nlohmann::json with_inputs(const nlohmann::json& base, const nlohmann::json& inputs,
                           const PointerOf& pointer_of);
// The areas that mark_modified compares with: worked out once for a base of many points, and anew where its
// technology table was changed.
void remember_areas(nlohmann::json& base);
// A base whose machine is another than the file's, for every point: marked, and compared with `before`'s.
void override_machine(nlohmann::json& base, const nlohmann::json& before);

// Sets one value. What mark_modified would model anew is remembered where a sweep states it: "stated".
void place(nlohmann::json& configuration, const std::string& pointer, const nlohmann::json& value);

bool is_of_machine(const std::string& pointer);
// Whether a value there has the machine marked anew: any of its own, and of the technology table that a
// base's changed machine is measured by.
bool changes_machine(const nlohmann::json& base, const std::string& pointer);

// Digest of a part, and of what the files hold that it names by their paths (traces, counts of experts,
// drafts).
std::string part_digest(const nlohmann::json& part);
// Of a technology table, what areas follow from; prices and defects are not among it.
std::string area_digest(const nlohmann::json& technology);
// Digest of all that is simulated of a configuration: what differs in prices alone has the same.
std::string simulated_digest(const nlohmann::json& configuration);

// Which base it was made of, for messages: "gpu/a100-sxm-80gb, llama-2-7b".
std::string label_of(const nlohmann::json& configuration);
// The same of a sweep's bases, told apart by what they run where machine and model are the same.
std::vector<std::string> labels_of(const std::vector<nlohmann::json>& bases);

// SHA-1, hexadecimal, of a text and of a JSON value's shortest form (keys sorted).
std::string digest(const std::string& text);
std::string digest(const nlohmann::json& value);

}  // namespace orrery
