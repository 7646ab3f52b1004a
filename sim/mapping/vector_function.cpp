#include "sim/mapping/vector_function.h"

#include "sim/util/errors.h"

namespace orrery {

VectorFunction vector_function(OperatorKind kind) {
  switch (kind) {
    case OperatorKind::rmsnorm:
      return VectorFunction::rmsnorm;
    case OperatorKind::layernorm:
      return VectorFunction::layernorm;
    case OperatorKind::add_rmsnorm:
      return VectorFunction::add_rmsnorm;
    case OperatorKind::softmax:
      return VectorFunction::softmax;
    case OperatorKind::silu_mul:
      return VectorFunction::silu_mul;
    case OperatorKind::gelu:
      return VectorFunction::gelu;
    case OperatorKind::add:
      return VectorFunction::add;
    case OperatorKind::rope:
      return VectorFunction::rope;
    case OperatorKind::kv_append:
    case OperatorKind::embedding:
      return VectorFunction::copy;
    case OperatorKind::matmul:
    case OperatorKind::attention:
    case OperatorKind::all_reduce:
    case OperatorKind::all_gather:
    case OperatorKind::reduce_scatter:
    case OperatorKind::all_to_all:
    case OperatorKind::broadcast:
    case OperatorKind::send_recv:
      break;
  }
  throw SimulationError("mapping", std::string(to_string(kind)) + " is not a vector operator");
}

bool is_row_wise(OperatorKind kind) {
  return kind == OperatorKind::rmsnorm || kind == OperatorKind::layernorm ||
         kind == OperatorKind::add_rmsnorm || kind == OperatorKind::softmax;
}

}  // namespace orrery
