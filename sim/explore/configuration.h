#pragma once
// Everything one result depends on, as one JSON value: {arch, llm, scenario, runtime, node?, fidelity}. Files
// that others name are put in their place (DRAM preset, energy table, kernel library), descriptions and
// sources are left out. Its digest is what a result is stored under.

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace orrery {

// Throws ConfigError: an unknown name, a file that its schema refuses. `node` may be empty.
nlohmann::json base_configuration(const std::string& arch, const std::string& llm, const std::string& runtime,
                                  const std::string& node, const nlohmann::json& scenario);

// JSON pointer of a key such as "arch.chip.cores.count": a list's items go by their `kind` or number, and
// what lies below `chip` is found without it ("arch.dram.channels", "arch.dram.preset.timing_ns.cl"). A key
// that is not there yet, but that its schema knows, is found when `value` fits it. Throws ConfigError with
// the nearest key.
std::string resolve_key(const nlohmann::json& configuration, const std::string& key,
                        const nlohmann::json& value);

// Checks what lies at `pointer` against the schema of the file it belongs to. Throws ConfigError.
void validate_part(const nlohmann::json& configuration, const std::string& pointer);

// Marks a configuration whose machine is no longer the base's: what its die has beyond the simulated machine
// (spare cores, cache and memory interfaces) grows with cores, shared buffer and memory channels, and neither
// published area nor list price are its own.
void mark_modified(nlohmann::json& configuration, const nlohmann::json& base);

// `base` with the values of `inputs` (key -> value) in the places that `pointer_of` names for their keys;
// whether they change the machine. with_inputs marks it then.
using PointerOf = std::function<std::string(const std::string& key, const nlohmann::json& value)>;
nlohmann::json placed_inputs(const nlohmann::json& base, const nlohmann::json& inputs,
                             const PointerOf& pointer_of, bool& modified);
nlohmann::json with_inputs(const nlohmann::json& base, const nlohmann::json& inputs,
                           const PointerOf& pointer_of);
bool is_of_machine(const std::string& pointer);

// Which base it was made of, for messages: "gpu/a100-sxm-80gb, llama-2-7b".
std::string label_of(const nlohmann::json& configuration);

// SHA-1, hexadecimal, of a text and of a JSON value's shortest form (keys sorted).
std::string digest(const std::string& text);
std::string digest(const nlohmann::json& value);

}  // namespace orrery
