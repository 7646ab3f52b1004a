#pragma once
// Operators of a layer on a machine whose matrix engine and vector unit work side by side: whatever has its
// data runs, products on one, rows on the other.

#include <cstdint>
#include <vector>

#include "sim/workload/operator.h"

namespace orrery {

// Of the operators [begin, begin + seconds.size()) of a graph, which take so many seconds each, how long each
// adds to the layer: their sum is the layer's time. Rows follow the product that makes them, and a product
// the rows that it takes, in blocks of `rows`; of operators that are ready the one that may begin first does,
// of those the one with the longest way to the layer's end behind it (list scheduling). What depends on
// operators of other layers is ready at once.
// Together they take at least `least_s`: what memory takes for all of them.
std::vector<double> added_seconds(const OperatorGraph& graph, std::size_t begin,
                                  const std::vector<double>& seconds, std::uint32_t rows, double least_s = 0);

}  // namespace orrery
