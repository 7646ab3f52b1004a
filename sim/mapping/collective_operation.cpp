#include "sim/mapping/collective_operation.h"

#include "sim/util/errors.h"

namespace orrery {

CollectiveOperation collective_operation(OperatorKind kind) {
  switch (kind) {
    case OperatorKind::all_reduce:
      return CollectiveOperation::all_reduce;
    case OperatorKind::all_gather:
      return CollectiveOperation::all_gather;
    case OperatorKind::reduce_scatter:
      return CollectiveOperation::reduce_scatter;
    case OperatorKind::all_to_all:
      return CollectiveOperation::all_to_all;
    case OperatorKind::broadcast:
      return CollectiveOperation::broadcast;
    case OperatorKind::send_recv:
      return CollectiveOperation::send_recv;
    case OperatorKind::matmul:
    case OperatorKind::attention:
    case OperatorKind::rmsnorm:
    case OperatorKind::layernorm:
    case OperatorKind::add_rmsnorm:
    case OperatorKind::softmax:
    case OperatorKind::silu_mul:
    case OperatorKind::gelu:
    case OperatorKind::add:
    case OperatorKind::rope:
    case OperatorKind::kv_append:
    case OperatorKind::embedding:
      break;
  }
  throw SimulationError("mapper", std::string(to_string(kind)) + " is no collective");
}

}  // namespace orrery
