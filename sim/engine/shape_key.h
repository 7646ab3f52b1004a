#pragma once
// What makes two operators the same work: the key of the kernel cache, and of replicated layers.

#include <cstdint>
#include <string>

#include "sim/workload/operator.h"

namespace orrery {

// Everything of an operator that its mapping and timing depend on; not its tensors' names.
std::string shape_key(const Operator& op);
// Whether the two have the same key, without making it.
bool same_shape_key(const Operator& a, const Operator& b);

// Appends the bytes of `value`.
void append_key(std::string& key, std::uint64_t value);

}  // namespace orrery
