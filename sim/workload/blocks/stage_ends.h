#pragma once
// What stands between the stages of a pipeline, in place of a model's own ends.

#include "sim/workload/graph_builder.h"

namespace orrery {

struct ResidualStream;

// Rows of tokens from the stage before. Devices of a tensor-parallel group receive a part each and gather
// them (Narayanan et al., SC'21, section 4.1).
struct ReceivedRows {
  ResidualStream write(GraphBuilder& builder) const;
};

// Rows to the stage behind.
struct SentRows {
  void write(GraphBuilder& builder, const ResidualStream& in) const;
};

}  // namespace orrery
