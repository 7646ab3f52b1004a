#include "sim/workload/blocks/stage_ends.h"

#include "sim/util/checked.h"
#include "sim/util/units.h"
#include "sim/workload/blocks/layer.h"
#include "sim/workload/blocks/linear.h"
#include "sim/workload/blocks/norm.h"

namespace orrery {

ResidualStream ReceivedRows::write(GraphBuilder& builder) const {
  const GraphFacts& facts = builder.facts();
  if (builder.rows_apart() || facts.split.tensor == 1) return {builder.row("x_received"), std::nullopt};
  const std::uint64_t tokens = builder.tokens();
  const Tensor part =
      builder.activation("x_received", {ceil_div<std::uint64_t>(tokens, facts.split.tensor), facts.hidden});
  return {exchange(builder, OperatorKind::all_gather, part, "x_gathered", tokens, facts.hidden,
                   facts.split.tensor_group()),
          std::nullopt};
}

void SentRows::write(GraphBuilder& builder, const ResidualStream& in) const {
  const GraphFacts& facts = builder.facts();
  const std::uint64_t rows = ceil_div<std::uint64_t>(builder.tokens(), facts.split.tensor);
  const Tensor part = view(settled(builder, in.x, in.branch), {rows, facts.hidden});
  exchange(builder, OperatorKind::send_recv, part, "x_sent", rows, facts.hidden, facts.split.next_stage());
}

}  // namespace orrery
