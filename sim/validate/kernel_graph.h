#pragma once
// A measured row of kernels as the operators that it times, in order: its own and those that it includes
// (quantisation of an activation, rotation and cache writes before attention, a mixture's routing). What a
// row says that cannot be simulated is refused.

#include "sim/config/arch_spec.h"
#include "sim/engine/residency.h"
#include "sim/validate/cells.h"
#include "sim/workload/operator.h"

namespace orrery {

// What launches a row's kernels: a framework, by the host's clock; a graph of many repetitions; a graph of
// one; or nothing that a profiler's or events' times of single kernels hold.
enum class Launch { eager, graph, graph_of_one, timed_apart };

// Throws ConfigError.
Launch launch_in(const CsvRow& row);

// Columns that kernel_graph, found_by and launch_in read.
extern const std::vector<std::string> kKernelColumns;

// Throws ConfigError.
OperatorGraph kernel_graph(const CsvRow& row, const ArchSpec& arch);

// What of the graph's operands is on chip at its begin. Column l2 says how cold weights and caches are: cold
// (none of them; what repetitions read again, activations, as far as all else leaves room; the results of
// the repetition before are there, and leave for what is loaded or stored), warm (all there is), mixed (as
// warm as there is room where a graph of one finds the same buffers again, else cold), layer (only an
// activation that the operator before just made). Where the row does not say: rows of a layer (column
// layer_op) as layer; rows by the host's clock (includes_launch = yes) repeat one operator and find all; a
// graph of one is mixed; others are cold.
Residency found_by(const CsvRow& row, const OperatorGraph& graph, const ArchSpec& arch);

}  // namespace orrery
