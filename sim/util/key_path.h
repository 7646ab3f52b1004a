#pragma once
// JSON pointers ("/chip/memory/0/size_mib") and what people read ("chip.memory.0.size_mib").

#include <string>

namespace orrery {

// The pointer of `key` in the value at `pointer`.
std::string child_pointer(const std::string& pointer, const std::string& key);

// For people; "(top level)" of the root.
std::string key_path(const std::string& pointer);

}  // namespace orrery
