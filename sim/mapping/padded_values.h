#pragma once
// Attention by kernels that take keys and values of one length only (FlashAttention-2): shorter values are
// padded by a kernel before, and what is beyond them is cut from the results by another one after.

#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/mapping/mapper.h"
#include "sim/workload/operator.h"

namespace orrery {

// Whether the machine's library goes about `op` so.
bool pads_values(const ArchSpec& arch, const Operator& op);

// The same on values as long as the keys.
Operator of_padded_values(const Operator& op);

// `candidates`, which are of of_padded_values(op), with the kernels around them.
std::vector<Candidate> with_values_padded(const ArchSpec& arch, const Operator& op,
                                          std::vector<Candidate> candidates);

}  // namespace orrery
