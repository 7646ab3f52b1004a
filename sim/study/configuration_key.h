#pragma once
// Keys of a configuration as a sweep names them: "arch.dram.channels", "technology.nodes.7nm.wafer_price".

#include <nlohmann/json.hpp>
#include <string>

namespace orrery {

// JSON pointer of a key such as "arch.chip.cores.count": a list's items go by their kind, name, machine or
// node ("7nm"), or by number; the only item of a list needs neither, and what lies below `chip` is found
// without it ("arch.dram.channels", "arch.dram.preset.timing_ns.cl", "cost.options.volume"). A key that is
// not there yet, but that its schema knows, is found when `value` fits it. Throws ConfigError with the
// nearest key, or with the key that stands for it where another part decides.
std::string resolve_key(const nlohmann::json& configuration, const std::string& key,
                        const nlohmann::json& value);

// "arch", "llm", ...: what a key may begin with.
bool is_part(const std::string& name);

// Whether one place is the other, or lies inside it.
bool overlap(const std::string& pointer, const std::string& other);

// Throws ConfigError where a value may not take the place: a whole part, a part's name, a group or list in
// whose place the value is none.
void check_settable(const nlohmann::json& configuration, const std::string& key, const std::string& pointer,
                    const nlohmann::json& value);

}  // namespace orrery
