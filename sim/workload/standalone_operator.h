#pragma once
// Operators on their own, with tensors to match their shape.

#include "sim/workload/operator.h"

namespace orrery {

// Throws std::bad_variant_access when the shape is of another family than the kind.
Operator standalone(OperatorKind kind, const OperatorShape& shape, DType dtype);

Operator standalone_matmul(const MatmulShape& shape, DType dtype);
Operator standalone_attention(const AttentionShape& shape, DType dtype);

}  // namespace orrery
