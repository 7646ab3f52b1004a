#include "sim/operators/operator_shape.h"

#include <fmt/format.h>

namespace orrery {
namespace {

struct Describe {
  std::string operator()(const MatmulShape& s) const {
    return s.batch > 1 ? fmt::format("{} x {}x{}x{}", s.batch, s.m, s.n, s.k)
                       : fmt::format("{}x{}x{}", s.m, s.n, s.k);
  }
  std::string operator()(const AttentionShape& s) const {
    return fmt::format("batch {}, {} heads ({} kv) of {}, q {}, kv {}{}", s.batch, s.heads, s.kv_heads,
                       s.head_dim, s.q, s.kv, s.causal ? ", causal" : "");
  }
  std::string operator()(const VectorShape& s) const { return fmt::format("{}x{}", s.rows, s.cols); }
  std::string operator()(const RoutingShape& s) const {
    return fmt::format("{}x{} to {} experts each", s.tokens, s.cols, s.experts);
  }
  std::string operator()(const CollectiveShape& s) const {
    return fmt::format("{} bytes on {} devices", s.bytes, s.devices);
  }
};

}  // namespace

std::string describe(const OperatorShape& shape) {
  return std::visit(Describe{}, shape);
}

}  // namespace orrery
