#pragma once
// Operators of a layer on a machine whose matrix engine, vector unit and units in memory work side by side:
// whatever has its data runs, each on its own.

#include <cstdint>
#include <vector>

#include "sim/workload/operator.h"

namespace orrery {

// What an operator takes when it runs alone.
struct EngineWork {
  double seconds = 0;
  double memory_s = 0;     // of them, what memory needs at its peak rate
  bool in_memory = false;  // units beside the memory's banks multiply, not the matrix engine
};

struct EngineOverlap {
  std::uint32_t rows = 0;  // of a block, in which rows follow their product; 0: when all are there
  bool apart = false;      // memory serves the engines while units beside its banks multiply
};

// Of the operators [begin, begin + work.size()) of a graph, how long each adds to the layer: their sum is the
// layer's time. Rows follow the product that makes them, and a product the rows that it takes, in blocks; of
// operators that are ready the one that may begin first does, of those the one with the longest way to the
// layer's end behind it (list scheduling). Collectives run alone. What depends on operators of other layers
// is ready at once. Together they take at least what memory takes for all of them.
std::vector<double> added_seconds(const OperatorGraph& graph, std::size_t begin,
                                  const std::vector<EngineWork>& work, const EngineOverlap& how);

}  // namespace orrery
