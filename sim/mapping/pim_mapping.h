#pragma once
// Products on the units beside the DRAM's banks, where the machine has any and the operand lies in it.

#include <optional>
#include <vector>

#include "sim/mapping/mapper.h"
#include "sim/timing/dram/pim_timing.h"

namespace orrery {

// The operator as the units take it: weights, or keys and values, dense and in a format that they multiply.
// None: they do not.
std::optional<PimProduct> pim_product(const Operator& op, const DramSpec& dram);

// Each layout; empty where the units do not take it.
std::vector<Candidate> map_pim(const ArchSpec& arch, const Operator& op);

}  // namespace orrery
