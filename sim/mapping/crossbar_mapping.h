#pragma once
// Weights that lie in the cells of crossbars for good.

#include "sim/config/arch_spec.h"
#include "sim/workload/operator.h"

namespace orrery {

// Whether the weights of an operator lie in the cells that multiply them: they are neither loaded nor
// written.
// Those of a mixture's experts do not: which of them a step takes is not known before.
bool weights_in_place(const ArchSpec& arch, const Operator& op);

// Throws ConfigError when the weights of a device's operators, each tensor once, need more crossbars than
// hold weights in place; says how many.
void check_in_place(const ArchSpec& arch, const std::vector<Operator>& operators);

}  // namespace orrery
