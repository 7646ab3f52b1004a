#pragma once
// Checks a graph that came from outside and puts it in an order that respects its dependences.

#include <string>
#include <vector>

#include "sim/workload/operator.h"

namespace orrery {

// `where[i]` says where operators[i] was written. Throws ConfigError: a repeated id, a dependence on an
// unknown operator, a cycle (named operator by operator), a shape that does not match its tensors.
void check_and_order(OperatorGraph& graph, const std::vector<std::string>& where);

}  // namespace orrery
